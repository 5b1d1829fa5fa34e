"""The source of the OpenAPI documents of both services: see ``document.py``."""

"""The words of tickets: built-in texts and Liquid templates are rendered, and templates are checked
without rendering them. Pure.
"""

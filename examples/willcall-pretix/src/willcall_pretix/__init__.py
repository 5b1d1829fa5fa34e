"""pretix, the ticket shop, as a provider of willcall."""

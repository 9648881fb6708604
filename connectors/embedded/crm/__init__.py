"""The embedded CRM: a small Dataverse on our own database, the default implementation of the port `Crm`."""

"""The CRM on Microsoft Dataverse: the port `Crm` over the Web API v9.2."""

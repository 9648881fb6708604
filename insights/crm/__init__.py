"""The CRM asked by value: conditions on Dataverse's columns, queries, rows, changes."""

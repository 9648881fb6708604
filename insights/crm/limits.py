"""How much Dataverse's columns and files take, where the organisation says nothing else."""

LONGEST_MESSAGE_ID = 320
LARGEST_FILE = 5_242_880
"""Bytes; `maxuploadfilesize` of the organisation, which may name another."""

"""What administrators upload to Microsoft 365: the unified manifest, the XML manifest and the icons."""

"""Reading raw mail, always in worker processes: real messages take seconds or crash a parser."""

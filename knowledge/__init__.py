"""Thai text, knowledge base, matching, agencies' profiles."""

"""What a citizen goes through: one module per conversation flow."""

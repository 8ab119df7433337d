"""What runs on the sensor; `lsp_codec` is shared with the bridge."""

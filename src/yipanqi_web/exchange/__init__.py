"""Excel and map files in and out: upload, preview, findings in the user's own sheet, confirmation, exports."""

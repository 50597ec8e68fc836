local note = "Renewed in 2026"
print(note:match("%d{4}"))

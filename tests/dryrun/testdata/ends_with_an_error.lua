-- An error that nobody catches ends both runs.
print("before")
planhat.company.update("extid-nothing", { name = "x" })
print("never")

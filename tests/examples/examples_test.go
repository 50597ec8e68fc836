package examples

// scripts is the folder under test.
const scripts = "../../scripts/examples"

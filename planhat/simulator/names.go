package simulator

// Word lists for generated records. They hold no real company and no real
// person, and some letters beyond ASCII on purpose.
var (
	firstWords = []string{
		"Northwind", "Blåbär", "Cobalt", "Évora", "Granite", "Halcyon", "Juniper", "Kestrel", "Lumen", "Marigold",
		"Nimbus", "Ørsund", "Pinecrest", "Quartz", "Riverside", "Solstice", "Tamarack", "Umbra", "Vantage", "Willow",
		"Zephyr", "Amberley", "Brightwater", "Copperfield", "Driftwood", "Eastgate", "Fjordline", "Goldcrest", "Harbour", "Ironwood",
	}
	secondWords = []string{
		"Logistics", "Analytics", "Foods", "Robotics", "Health", "Energy", "Software", "Textiles", "Media", "Finance",
		"Mobility", "Learning", "Security", "Ventures", "Studios", "Systems", "Biotech", "Travel", "Insurance", "Retail",
	}
	legalForms = []string{"AB", "Inc.", "GmbH", "Ltd", "S.A.", "ApS", "B.V.", "LLC"}
	givenNames = []string{
		"Ada", "Björn", "Carmen", "Dmitri", "Elin", "Farid", "Grace", "Hiro", "Inés", "Jonas",
		"Keiko", "Liam", "Maja", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Søren", "Tomasz",
	}
	familyNames = []string{
		"Andersson", "Baptiste", "Castillo", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ivanova", "Jensen",
		"Kowalski", "Lindqvist", "Müller", "Nakamura", "O'Brien", "Patel", "Quist", "Rossi", "Schröder", "Tanaka",
	}
	positions = []string{"CEO", "Head of Operations", "Product Manager", "IT Administrator", "Customer Success Manager", "Analyst"}
	cities    = [][2]string{
		{"Stockholm", "Sweden"}, {"Berlin", "Germany"}, {"London", "United Kingdom"}, {"New York", "United States"},
		{"São Paulo", "Brazil"}, {"København", "Denmark"}, {"Paris", "France"}, {"Toronto", "Canada"},
	}
	phases       = []string{"Onboarding", "Adoption", "Growth", "Renewal", "At risk"}
	statuses     = []string{"customer", "customer", "customer", "customer", "prospect", "coming", "canceled", "lost"}
	products     = []string{"Platform", "Analytics add-on", "Premium support"}
	tiers        = []string{"Bronze", "Silver", "Gold", "Platinum"}
	industries   = []string{"Manufacturing", "Retail", "Healthcare", "Finance", "Education", "Logistics"}
	taskActions  = []string{"Quarterly business review", "Follow up on onboarding", "Renewal call", "Share the roadmap", "Check usage drop"}
	npsComments  = []string{"Great support.", "Does what we need.", "Reporting could be faster.", "Onboarding took too long.", ""}
	callSubjects = []string{"Kick-off", "Monthly check-in", "Escalation", "Training session", "Contract questions"}
	issueTitles  = []string{"Export times out", "Wrong totals in report", "Login loop", "Slow dashboard"}
)

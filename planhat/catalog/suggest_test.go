package catalog

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNearest(t *testing.T) {
	models := []string{"company", "campaign", "enduser", "user", "user_activity", "nps"}
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"compny", []string{"company"}},
		{"end_user", []string{"enduser"}},
		{"NPS", []string{"nps"}},
		{"userActivity", []string{"user_activity", "user"}},
		{"zzz", nil},
		{"ups", []string{"nps"}},
		{"xps", []string{"nps"}},
		{"monht", nil},
		{"", nil},
	} {
		assert.Equal(t, tt.want, Nearest(tt.name, models), tt.name)
	}
}

func TestTranspositionsCountAsOne(t *testing.T) {
	for name, want := range map[string][]string{
		"nmae":      {"name"},
		"naem":      {"name"},
		"anme":      {"name"},
		"nmea":      nil,
		"heatlh":    {"health"},
		"pwoner":    {"owner"},
		"extrenlId": {"externalId"},
	} {
		assert.Equal(t, want, Nearest(name, []string{"name", "owner", "health", "externalId"}), name)
	}
}

// What a name certainly means is stricter than what it may mean.
func TestMisspelt(t *testing.T) {
	for name, want := range map[string]string{
		"nmae": "name", "Name": "name", "nam": "", "nane": "", "externalid": "externalId", "external_id": "externalId",
		"helth": "health", "heatlh": "health", "hlth": "", "name": "", "usr": "", "ures": "",
	} {
		assert.Equal(t, want, Misspelt(name, []string{"name", "health", "externalId", "user"}), name)
	}
}

func TestDidYouMean(t *testing.T) {
	assert.Equal(t, " (did you mean 'select'?)", DidYouMean("slect", []string{"select", "sort"}))
	assert.Empty(t, DidYouMean("qqqq", []string{"select", "sort"}))
}

func TestWithArticle(t *testing.T) {
	for noun, want := range map[string]string{
		"company": "a company", "enduser": "an enduser", "NPS answer": "an NPS answer", "URL": "a URL", "user": "a user", "Asset": "an Asset",
	} {
		assert.Equal(t, want, WithArticle(noun))
	}
}

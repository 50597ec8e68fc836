package host

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/consent"
)

// confirmField asks before a script deletes a custom field or gives it another type, also with
// planhat.request. It reads the field for its name.
func confirmField(ctx context.Context, t *consent.Terms, w *planhat.Write) error {
	m := catalog.Load().With(catalog.FieldDefinition)
	if t.Simulated || t.Scheduled || w.Method == http.MethodPost {
		return nil
	}
	path, _, _ := strings.Cut(w.Path, "?")
	rest, fits := strings.CutPrefix(path, m.Path+"/")
	if !fits || rest == "" || strings.Contains(rest, "/") {
		return nil
	}
	id, err := url.PathUnescape(rest)
	if err != nil {
		id = rest
	}
	type field struct {
		Name string  `json:"name"`
		Type *string `json:"type"`
	}
	var was, sent field
	deletes := w.Method == http.MethodDelete
	if !deletes && json.Unmarshal(w.Body, &sent) == nil && sent.Type == nil {
		return nil
	}
	reply, err := w.Client.Read(ctx, planhat.Call{Model: m, Operation: m.Operation("get_by_id"), ID: id})
	if errors.Is(err, planhat.ErrNotFound) {
		return nil // the write fails
	}
	if err == nil {
		_ = json.Unmarshal(reply.Body, &was) // without a name, its id stands for it
	}
	if !deletes && sent.Type != nil && was.Type != nil && *was.Type == *sent.Type {
		return nil
	}
	if was.Name == "" {
		was.Name = id
	}
	return t.Fields(ctx, "the script", []string{was.Name}, t.ConfirmedFields)
}

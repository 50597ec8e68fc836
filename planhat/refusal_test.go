package planhat

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefusedBulkBodiesAreRead(t *testing.T) {
	t.Run("400", func(t *testing.T) {
		s := newServer(t, always(400, `{"created":1,"insertsKeys":[{"_id":"1","externalId":"c1"}],"createdErrors":[{"externalId":"c2","message":"no name"}]}`))
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(3), BulkOptions{})
		require.NoError(t, err)
		assert.Equal(t, 1, result.Created)
		require.Len(t, result.Errors, 2)
		assert.Equal(t, "no name", result.Errors[0].Message)
		assert.Contains(t, result.Errors[1].Message, "rejected the request with this row (400")
	})
	t.Run("403", func(t *testing.T) {
		s := newServer(t, always(403, `{"created":0,"permissionErrors":[{"externalId":"c1","message":"may not create"}]}`))
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(1), BulkOptions{})
		assert.Equal(t, KindPermission, in(t, err).Kind)
		require.Len(t, result.Errors, 1)
		assert.Equal(t, KindPermission, result.Errors[0].Kind)
		assert.Equal(t, "may not create", result.Errors[0].Message)
	})
	t.Run("403 in which some rows were taken", func(t *testing.T) {
		for _, taken := range []string{`"created":1`, `"updated":1`, `"nonupdates":1`} {
			s := newServer(t, always(403, `{`+taken+`,"permissionErrors":[{"externalId":"c2","message":"may not create"}]}`))
			result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(2), BulkOptions{})
			require.NoError(t, err, "%s: the request was answered", taken)
			assert.Equal(t, 1, result.Created+result.Updated+result.Unchanged, taken)
			assert.Zero(t, result.FailedChunks, taken)
			require.Len(t, result.Errors, 1, taken)
			assert.Equal(t, "may not create", result.Errors[0].Message, taken)
			assert.Equal(t, KindPermission, result.Errors[0].Kind, taken)
		}
	})
	t.Run("400 without rows", func(t *testing.T) {
		s := newServer(t, always(400, `{"message":"not an array"}`))
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(2), BulkOptions{})
		e := in(t, err)
		assert.Equal(t, KindValidation, e.Kind)
		assert.Len(t, e.Items, 2)
		assert.Equal(t, "not an array", result.Errors[1].Message)
	})
	t.Run("413", func(t *testing.T) {
		s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
			if rows, _ := splitArray[Record]([]byte(q.body)); len(rows) > 1 {
				answerWith(w, 413, "")
				return
			}
			created(w, q)
		})
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(3), BulkOptions{})
		require.NoError(t, err)
		assert.Equal(t, 3, result.Created)
	})
}

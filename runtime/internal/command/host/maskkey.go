package host

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

// maskKeyFile is the file in the state directory with the key of anonymized snapshots and
// recordings.
const maskKeyFile = "snapshot.key"

// Simulated is the host of Planhat for MaskKey if it is simulated.
const Simulated = "simulated"

// MaskKey returns the key that data about people and companies is replaced with, for a host
// of Planhat, of the file that is named or else that of the state directory. It creates a
// file that is missing, or returns nil if it may not.
func MaskKey(env *environment.Env, named, host string, create bool) ([]byte, error) {
	file := env.Path(named)
	if named == "" {
		dir := storage.Dir(env)
		if dir == "" && !create {
			return nil, nil
		}
		if dir == "" {
			return nil, &usage.Error{Message: "cannot tell where to keep the key of snapshots: there is no home directory", Hint: "name a file with --key, outside of the snapshot"}
		}
		file = filepath.Join(dir, maskKeyFile)
	}
	master, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !create {
		return nil, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeTokenKey(filepath.Dir(file), file); err != nil {
			return nil, &usage.Error{Message: "cannot create the key of snapshots: " + err.Error()}
		}
		master, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, &usage.Error{Message: "cannot read the key of snapshots: " + err.Error()}
	}
	if info, err := os.Stat(file); err == nil && filepath.Separator == '/' && info.Mode().Perm()&0o077 != 0 {
		return nil, &usage.Error{Message: file + " holds the key of snapshots, and other users of this machine can use it", Hint: "run: chmod 600 " + file}
	}
	if len(master) != keyLength {
		return nil, &usage.Error{
			Message: fmt.Sprintf("%s is not a key of snapshots: it has %d bytes, not %d", file, len(master), keyLength),
			Hint:    "name a new file with --key, which is then created",
		}
	}
	h := hmac.New(sha256.New, master)
	h.Write([]byte(host))
	return h.Sum(nil), nil
}

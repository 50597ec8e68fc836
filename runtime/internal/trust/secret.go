package trust

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/pattern"
)

// SettingsFile is the name of the configuration file.
const SettingsFile = "phscript.toml"

// keyFiles are the names of files that programs keep secrets in. The service's tokens
// are in a file called environment.
var keyFiles = []string{
	"environment", "shadow", "gshadow", ".netrc", "_netrc", ".pgpass", "pgpass.conf", ".my.cnf", ".npmrc", ".pypirc", ".git-credentials", ".htpasswd", ".vault-token",
	"id_rsa", "id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk",
}

// keyEndings are the endings of the names of files that hold keys.
var keyEndings = []string{".env", ".key", ".pem", ".p12", ".pfx", ".p8", ".pk8", ".ppk", ".jks", ".keystore", ".kdbx"}

// keyFolders are the folders that programs and systems keep secrets in.
var keyFolders = []string{
	"/.ssh/", "/.gnupg/", "/.aws/", "/.azure/", "/.kube/", "/.docker/", "/.config/gcloud/", "/gcloud/configurations/", "/run/secrets/", "/run/credentials/",
}

// Secret reports whether a file is one that usually holds secrets, by its path: a
// configuration file, .env, a key. Case does not matter, as some file systems ignore it.
func Secret(path string) bool {
	path = strings.ToLower(filepath.ToSlash(path))
	// Windows ignores dots and spaces at the end of a name, and takes what follows a
	// colon for a part of the same file.
	name, _, _ := strings.Cut(path[strings.LastIndex(path, "/")+1:], ":")
	name = strings.TrimRight(name, ". ~")
	// Editors keep copies under similar names.
	if strings.Contains(name, SettingsFile) || strings.HasPrefix(name, ".env.") || slices.Contains(keyFiles, name) || slices.Contains(keyEndings, filepath.Ext(name)) {
		return true
	}
	// The variables and the memory of processes are files as well.
	return processes().MatchString(path) || slices.ContainsFunc(keyFolders, func(folder string) bool { return strings.Contains(path, folder) })
}

var processes = pattern.Lazy(`^/proc/(self|thread-self|[0-9]+)/`)

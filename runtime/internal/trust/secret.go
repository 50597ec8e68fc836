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
	"/phscript/logins/",
}

// Secret reports whether a file is one that usually holds secrets, by its path: a
// configuration file, .env, a key. Case does not matter, as some file systems ignore it.
func Secret(path string) bool {
	path = strings.ToLower(filepath.ToSlash(path))
	// Windows ignores dots and spaces at the end of a name, and takes what follows a
	// colon for a part of the same file.
	name, _, _ := strings.Cut(path[strings.LastIndex(path, "/")+1:], ":")
	if strings.Contains(name, SettingsFile) || keyName(original(name)) {
		return true
	}
	// The variables and the memory of processes are files as well.
	return processes().MatchString(path) || slices.ContainsFunc(keyFolders, func(folder string) bool { return strings.Contains(path, folder) })
}

// keyName reports whether a name is one of keyFiles, ends as a key does, or is that of a
// file with variables: .env, .env.local, .env-prod, .envrc.
func keyName(name string) bool {
	return slices.Contains(keyFiles, name) || slices.Contains(keyEndings, filepath.Ext(name)) || variables().MatchString(name)
}

var variables = pattern.Lazy(`^\.env(rc)?([._0-9-]|$)`)

// copyEnding is what editors and people add to the name of a file that they copy.
var copyEnding = pattern.Lazy(`(\.(bak|backup|old|orig|save|saved|copy|tmp|sw[a-p]|[0-9]+)|[~. ]+|_(bak|backup|old)|-(bak|backup|old)?|#)$`)

// original returns the name of the file that a name belongs to a copy of, such as server.key
// for .server.key.swp.
func original(name string) string {
	for {
		shorter := copyEnding().ReplaceAllString(name, "")
		if shorter == "" || shorter == name {
			break
		}
		name = shorter
	}
	name = strings.TrimPrefix(strings.TrimPrefix(name, ".#"), "#")
	if bare := strings.TrimPrefix(name, "."); keyName(bare) {
		return bare // vim's .server.key.swp
	}
	return name
}

var processes = pattern.Lazy(`^/proc/(self|thread-self|[0-9]+)/`)

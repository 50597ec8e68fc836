package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// writeWhole writes a file that a flag names; it appears whole or not at all.
// What is called in messages.
func writeWhole(name string, text []byte, what, flag string) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		// Such as /dev/stdout, which no other file may take the place of.
		return writeInto(name, text, what)
	}
	temp, err := os.CreateTemp(filepath.Dir(name), ".phscript-*")
	if err != nil {
		return &usageError{message: fmt.Sprintf("%s cannot be written: %v", what, err), hint: flag + " names a file in a folder that exists"}
	}
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s cannot be written: %w", what, err), os.Remove(temp.Name()))
	}
	return nil
}

func writeInto(name string, text []byte, what string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.Write(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", what, err)
	}
	return nil
}

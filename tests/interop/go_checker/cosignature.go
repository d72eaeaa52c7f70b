package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const cosignatureType = 0x04

// cosignatureVerifier believes a witness, whose signatures golang.org/x/mod does not know (c2sp.org/tlog-cosignature).
type cosignatureVerifier struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosignatureVerifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("witness key: not name, id, key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != cosignatureType {
		return nil, errors.New("witness key: not a key of type 0x04")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	found := &cosignatureVerifier{name: parts[0], hash: binary.BigEndian.Uint32(sum[:]), key: raw[1:]}
	if fmt.Sprintf("%08x", found.hash) != parts[1] {
		return nil, errors.New("witness key: its id is not that of the key")
	}
	return found, nil
}

func (witness *cosignatureVerifier) Name() string { return witness.name }

func (witness *cosignatureVerifier) KeyHash() uint32 { return witness.hash }

// Verify takes eight bytes of Unix seconds and a signature over them and the note's text.
func (witness *cosignatureVerifier) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	seconds := binary.BigEndian.Uint64(signature)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", seconds, text)
	return ed25519.Verify(witness.key, []byte(message), signature[8:])
}

// openCosigned opens a checkpoint that the log and the witness must both have signed.
func openCosigned(raw []byte, log, witness note.Verifier) error {
	opened, err := note.Open(raw, note.VerifierList(log, witness))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != 2 {
		return fmt.Errorf("%d known signatures instead of two", len(opened.Sigs))
	}
	return nil
}

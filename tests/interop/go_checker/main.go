// A stranger's checker: reads what a log served, with golang.org/x/mod alone, and believes only the key it is given.
//
// Usage: checker log <vkey> <folder>. The folder holds `checkpoint`, `old-checkpoint`, `consistency` (one base64 hash a
// line), `tile/...` as served, and `proofs/<index>.entry` with `proofs/<index>.tlog-proof`.
//
// Usage: checker sizes <vkey> <witness vkey> <folder>. The folder holds, of trees of the entries `entry-0`, `entry-1`, …,
// `<size>.checkpoint`, cosigned, and `<size>.proofs`: proofs, one a line, which must be those that are made here.
//
// Usage: checker proof <vkey> <proof file> <entry file>. One `.tlog-proof` with the exact bytes of its entry.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "REFUSED:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 3 && arguments[0] == "log":
		return check(arguments[1], arguments[2])
	case len(arguments) == 4 && arguments[0] == "sizes":
		return checkSizes(arguments[1], arguments[2], arguments[3])
	case len(arguments) == 4 && arguments[0] == "proof":
		return checkOne(arguments[1], arguments[2], arguments[3])
	}
	fmt.Fprintln(os.Stderr, "usage: checker log KEY FOLDER | sizes KEY WITNESS FOLDER | proof KEY PROOF ENTRY")
	os.Exit(2)
	return nil
}

func checkOne(vkey, proofFile, entryFile string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	text, err := os.ReadFile(proofFile)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryFile)
	if err != nil {
		return err
	}
	if err := checkProof(string(text), entry, verifier); err != nil {
		return err
	}
	fmt.Println("ok: the entry is in the log", verifier.Name())
	return nil
}

func check(vkey, folder string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	raw, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(raw, verifier)
	if err != nil {
		return err
	}
	entries, err := checkEntries(folder, tree)
	if err != nil {
		return err
	}
	proofs, err := checkProofs(folder, verifier)
	if err != nil {
		return err
	}
	if err := checkConsistency(folder, verifier, tree); err != nil {
		return err
	}
	fmt.Printf("ok: size %d, %d entries by tiles, %d proof files\n", tree.N, entries, proofs)
	return nil
}

// openCheckpoint reads three lines, as tlog.ParseTree knows only its own origin.
func openCheckpoint(raw []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, errors.New("checkpoint: not origin, size, root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// checkEntries builds the tree of all entries and compares it with the signed root and with every served hash tile.
//
// tlog.TileHashReader is not used for that: up to golang.org/x/mod v0.8.0 it does not hold every full tile it reads
// against the tile above.
func checkEntries(folder string, signed tlog.Tree) (int64, error) {
	tree := &stored{}
	for start := int64(0); start < signed.N; start += 1 << tileHeight {
		width := min64(1<<tileHeight, signed.N-start)
		path := servedPath(tlog.Tile{H: tileHeight, L: 0, N: start >> tileHeight, W: int(width)})
		path = strings.Replace(path, "tile/0/", "tile/entries/", 1)
		content, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return 0, err
		}
		for index := start; index < start+width; index++ {
			if len(content) < 2 || len(content) < 2+int(binary.BigEndian.Uint16(content)) {
				return 0, fmt.Errorf("%s ends inside entry %d", path, index)
			}
			end := 2 + int(binary.BigEndian.Uint16(content))
			if err := tree.grow(index, content[2:end]); err != nil {
				return 0, err
			}
			content = content[end:]
		}
		if len(content) != 0 {
			return 0, fmt.Errorf("%s holds more than its width", path)
		}
	}
	root, err := tlog.TreeHash(signed.N, tree)
	if err != nil {
		return 0, err
	}
	if root != signed.Hash {
		return 0, errors.New("the entries do not lead to the signed root")
	}
	return signed.N, checkTiles(folder, signed.N, tree)
}

func checkTiles(folder string, size int64, tree *stored) error {
	for level := 0; size > 0; level, size = level+1, size>>tileHeight {
		for start := int64(0); start < size; start += 1 << tileHeight {
			width := int(min64(1<<tileHeight, size-start))
			tile := tlog.Tile{H: tileHeight, L: level, N: start >> tileHeight, W: width}
			own, err := tlog.ReadTileData(tile, tree)
			if err != nil {
				return err
			}
			content, err := os.ReadFile(filepath.Join(folder, servedPath(tile)))
			if err != nil {
				return err
			}
			if !bytes.Equal(own, content) {
				return fmt.Errorf("%s is not that of the entries", servedPath(tile))
			}
		}
	}
	return nil
}

// servedPath is a tile's path as in c2sp.org/tlog-tiles, which leaves the height out.
func servedPath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
}

func min64(one, other int64) int64 {
	if one < other {
		return one
	}
	return other
}

func checkProofs(folder string, verifier note.Verifier) (int, error) {
	files, err := filepath.Glob(filepath.Join(folder, "proofs", "*.tlog-proof"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		entry, err := os.ReadFile(strings.TrimSuffix(file, ".tlog-proof") + ".entry")
		if err != nil {
			return 0, err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		if err := checkProof(string(text), entry, verifier); err != nil {
			return 0, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	return len(files), nil
}

func checkProof(text string, entry []byte, verifier note.Verifier) error {
	head, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a proof file")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	proof, err := parseHashes(lines[2:])
	if err != nil {
		return err
	}
	tree, err := openCheckpoint([]byte(checkpoint), verifier)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

func checkConsistency(folder string, verifier note.Verifier, tree tlog.Tree) error {
	raw, err := os.ReadFile(filepath.Join(folder, "old-checkpoint"))
	if err != nil {
		return err
	}
	old, err := openCheckpoint(raw, verifier)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(folder, "consistency"))
	if err != nil {
		return err
	}
	proof, err := parseHashes(strings.Fields(string(text)))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	return nil
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	hashes := []tlog.Hash{}
	for _, line := range lines {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, fmt.Errorf("%q is not a hash", line)
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

// A stranger's checker: reads what a log served, with golang.org/x/mod alone, and believes only the key it is given.
//
// Usage: checker <vkey> <folder>. The folder holds `checkpoint`, `old-checkpoint`, `consistency` (one base64 hash a
// line), `tile/...` as served, and `proofs/<index>.entry` with `proofs/<index>.tlog-proof`.
package main

import (
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
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: checker <vkey> <folder>")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "REFUSED:", err)
		os.Exit(1)
	}
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

// servedTiles reads tiles under the paths of c2sp.org/tlog-tiles, which leave the height out.
type servedTiles struct{ folder string }

func (served servedTiles) Height() int { return tileHeight }

func (served servedTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (served servedTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
		content, err := os.ReadFile(filepath.Join(served.folder, filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func checkEntries(folder string, tree tlog.Tree) (int64, error) {
	reader := tlog.TileHashReader(tree, servedTiles{folder})
	for start := int64(0); start < tree.N; start += 1 << tileHeight {
		width := int64(1) << tileHeight
		if tree.N-start < width {
			width = tree.N - start
		}
		path := tlog.Tile{H: tileHeight, L: 0, N: start >> tileHeight, W: int(width)}.Path()
		path = strings.Replace(path, fmt.Sprintf("tile/%d/0/", tileHeight), "tile/entries/", 1)
		content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
		if err != nil {
			return 0, err
		}
		for index := start; index < start+width; index++ {
			if len(content) < 2 || len(content) < 2+int(binary.BigEndian.Uint16(content)) {
				return 0, fmt.Errorf("%s ends inside entry %d", path, index)
			}
			end := 2 + int(binary.BigEndian.Uint16(content))
			hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			if err != nil {
				return 0, fmt.Errorf("tiles of entry %d: %w", index, err)
			}
			if hashes[0] != tlog.RecordHash(content[2:end]) {
				return 0, fmt.Errorf("entry %d is not the leaf in the tree", index)
			}
			content = content[end:]
		}
		if len(content) != 0 {
			return 0, fmt.Errorf("%s holds more than its width", path)
		}
	}
	return tree.N, nil
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

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// stored is a tree as golang.org/x/mod keeps it: made here, entry by entry, from nothing.
type stored struct{ hashes []tlog.Hash }

func (tree *stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for place, index := range indexes {
		if index >= int64(len(tree.hashes)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		found[place] = tree.hashes[index]
	}
	return found, nil
}

func (tree *stored) grow(index int64, entry []byte) error {
	hashes, err := tlog.StoredHashes(index, entry, tree)
	tree.hashes = append(tree.hashes, hashes...)
	return err
}

func knownEntry(index int64) []byte { return []byte(fmt.Sprintf("entry-%d", index)) }

// checkSizes holds every `<size>.checkpoint` and `<size>.proofs` against the tree that grows beside them.
func checkSizes(vkey, witnessKey, folder string) error {
	log, err := note.NewVerifier(vkey)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	witness, err := newCosignatureVerifier(witnessKey)
	if err != nil {
		return err
	}
	last, err := lastSize(folder)
	if err != nil {
		return err
	}
	tree, sizes, proofs := &stored{}, 0, 0
	for size := int64(1); size <= last; size++ {
		if err := tree.grow(size-1, knownEntry(size-1)); err != nil {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%d.checkpoint", size)))
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if err := openCosigned(raw, log, witness); err != nil {
			return fmt.Errorf("%d.checkpoint: %w", size, err)
		}
		count, err := checkSize(raw, log, folder, size, tree)
		if err != nil {
			return fmt.Errorf("size %d: %w", size, err)
		}
		sizes, proofs = sizes+1, proofs+count
	}
	fmt.Printf("ok: %d sizes up to %d, %d proofs\n", sizes, last, proofs)
	return nil
}

func checkSize(raw []byte, log note.Verifier, folder string, size int64, tree *stored) (int, error) {
	signed, err := openCheckpoint(raw, log)
	if err != nil {
		return 0, err
	}
	root, err := tlog.TreeHash(size, tree)
	if err != nil {
		return 0, err
	}
	if signed.N != size || signed.Hash != root {
		return 0, errors.New("the signed root is not that of the entries")
	}
	file, err := os.Open(filepath.Join(folder, fmt.Sprintf("%d.proofs", size)))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	count, lines := 0, bufio.NewScanner(file)
	for lines.Scan() {
		if err := checkLine(strings.Fields(lines.Text()), size, root, tree); err != nil {
			return 0, fmt.Errorf("%.30s…: %w", lines.Text(), err)
		}
		count++
	}
	return count, lines.Err()
}

// checkLine takes `inclusion <index> <hash>…` or `consistency <old size> <hash>…`; both sides must make the same proof.
func checkLine(words []string, size int64, root tlog.Hash, tree *stored) error {
	if len(words) < 2 {
		return errors.New("not a proof")
	}
	number, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return err
	}
	proof, err := parseHashes(words[2:])
	if err != nil {
		return err
	}
	var own []tlog.Hash
	switch words[0] {
	case "inclusion":
		if err := tlog.CheckRecord(proof, size, root, number, tlog.RecordHash(knownEntry(number))); err != nil {
			return err
		}
		own, err = tlog.ProveRecord(size, number, tree)
	case "consistency":
		old, treeErr := tlog.TreeHash(number, tree)
		if treeErr != nil {
			return treeErr
		}
		if err := tlog.CheckTree(proof, size, root, number, old); err != nil {
			return err
		}
		own, err = tlog.ProveTree(size, number, tree)
	default:
		return fmt.Errorf("what is %q", words[0])
	}
	if err != nil {
		return err
	}
	if fmt.Sprint(own) != fmt.Sprint(proof) {
		return errors.New("another proof than golang.org/x/mod makes")
	}
	return nil
}

func lastSize(folder string) (int64, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.checkpoint"))
	if err != nil {
		return 0, err
	}
	last := int64(0)
	for _, name := range names {
		size, err := strconv.ParseInt(strings.TrimSuffix(filepath.Base(name), ".checkpoint"), 10, 64)
		if err != nil {
			return 0, err
		}
		if size > last {
			last = size
		}
	}
	if last == 0 {
		return 0, errors.New("no checkpoint to check")
	}
	return last, nil
}

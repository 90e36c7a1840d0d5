package sqlite

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"unsafe"

	"contacts"
	"contacts/store"
)

// The data of an entry are sealed: after the stored form, which ends in a 0,
// come a checksum of four bytes, and sealMark. The checksum (CRC-32C) is that
// of the kind, the key, the times and the stored form, so that a damaged row
// or one in another's place is an error instead of somebody's contact. Data
// that end in a 0 are of before there were seals.
const (
	sealMark = 0xC3
	sealSize = 5
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errDamaged = errors.New("sqlite: a row is damaged: its checksum differs")

// sealOf is the checksum of a row. The key of a tombstone is its ID.
func sealOf(k *kind, key int64, rev, created contacts.Rev, stored []byte) uint32 {
	var head [25]byte
	head[0] = byte(k.number)
	binary.LittleEndian.PutUint64(head[1:], uint64(key))
	binary.LittleEndian.PutUint64(head[9:], uint64(rev))
	binary.LittleEndian.PutUint64(head[17:], uint64(created))
	return crc32.Update(crc32.Update(0, castagnoli, head[:]), castagnoli, stored)
}

// seal appends the seal of a row to its stored form.
func seal(stored []byte, k *kind, key int64, rev, created contacts.Rev) []byte {
	sum := sealOf(k, key, rev, created, stored) // OPS-95
	return append(binary.LittleEndian.AppendUint32(stored, sum), sealMark)
}

// unseal checks the seal of a row and returns its stored form.
func unseal(r *row, k *kind) (stored string, err error) {
	n := len(r.data) - sealSize
	if n < 0 || r.data[len(r.data)-1] != sealMark {
		if n := len(r.data); n > 0 && r.data[n-1] == 0 {
			return r.data, nil
		}
		return "", errDamaged
	}
	all := unsafe.Slice(unsafe.StringData(r.data), len(r.data))
	if sealOf(k, r.key, r.rev, r.created, all[:n]) != binary.LittleEndian.Uint32(all[n:]) { // OPS-95
		return "", errDamaged
	}
	return r.data[:n], nil
}

// A record has its checksum, of all else in its row, in a column of its own.

// sumOf is the checksum of a record.
func sumOf(owner store.Owner, rt store.RecordType, r *store.Record) int64 {
	var head [32]byte
	binary.LittleEndian.PutUint64(head[0:], uint64(owner))
	binary.LittleEndian.PutUint64(head[8:], uint64(rt))
	binary.LittleEndian.PutUint64(head[16:], uint64(microseconds(r.Expires)))
	binary.LittleEndian.PutUint64(head[24:], uint64(len(r.Key)))
	sum := crc32.Update(0, castagnoli, head[:])
	sum = crc32.Update(sum, castagnoli, unsafe.Slice(unsafe.StringData(r.Key), len(r.Key)))
	return int64(crc32.Update(sum, castagnoli, r.Value)) // OPS-95
}

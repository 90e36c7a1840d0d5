-- The checksum of a record, see seal.go. Records of before have none.
ALTER TABLE record ADD COLUMN sum INTEGER;

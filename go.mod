module contacts

go 1.26

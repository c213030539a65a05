package simulator

import "encoding/base64"

// page cuts what is after the token's place out of rows, which are ordered by place, and gives the next token: "" at the
// end. A token is a place; so rows that come and go in between shift nothing.
func page[T any](rows []T, place func(T) string, token string, size int) (cut []T, next string, err error) {
	after, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, "", refuse("InvalidParameter.NextToken", "The NextToken is not valid.")
	}
	for _, row := range rows {
		if token != "" && place(row) <= string(after) {
			continue
		}
		if len(cut) == size {
			return cut, base64.RawURLEncoding.EncodeToString([]byte(place(cut[size-1]))), nil
		}
		cut = append(cut, row)
	}
	return cut, "", nil
}

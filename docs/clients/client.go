// A client of the wire protocol in one file, without dependencies: copy it, and put your implementation in its place.
//
// The pool at the end implements the staking pool of docs/third_protocol. All else is the protocol, and stays as it is:
//
//	restake conform --protocol staking_pool:PROTOCOL --client "go run client.go"
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"sort"
	"strings"
	"unicode/utf16"
)

type fields = map[string]any

// Implementation is what you write. A call that is refused is a Rejected, and changes nothing.
type Implementation interface {
	Introduction() (name, version string, actions []string)
	Reset(head fields) error
	Apply(call fields) (returns any, err error)
	State() any // the state as a trace shows it after a step
}

// Rejected has the contract's error name.
type Rejected string

func (reason Rejected) Error() string { return string(reason) }

// Unsupported says why your implementation cannot do what is asked.
type Unsupported string

func (why Unsupported) Error() string { return string(why) }

// encode writes JSON without the escapes for HTML that Go adds by itself.
func encode(value any) string {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(buffer.String(), "\n")
}

// text writes a string as RFC 8785 has it: Go also escapes U+2028 and U+2029, and writes \b and \f as \u0008 and \u000c.
func text(value string) string {
	written := encode(value)
	return strings.NewReplacer(
		`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029", `\u0008`, `\b`, `\u000c`, `\f`,
	).Replace(written)
}

// canonical is RFC 8785 of a value without numbers: names are sorted by UTF-16 code units.
func canonical(value any) string {
	switch value := value.(type) {
	case map[string]any:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		sort.Slice(names, func(i, j int) bool {
			a, b := utf16.Encode([]rune(names[i])), utf16.Encode([]rune(names[j]))
			for k := 0; k < len(a) && k < len(b); k++ {
				if a[k] != b[k] {
					return a[k] < b[k]
				}
			}
			return len(a) < len(b)
		})
		parts := make([]string, len(names))
		for i, name := range names {
			parts[i] = text(name) + ":" + canonical(value[name])
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		parts := make([]string, len(value))
		for i, item := range value {
			parts[i] = canonical(item)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case string:
		return text(value)
	default:
		return encode(value)
	}
}

func digest(state any) string {
	sum := sha256.Sum256([]byte(canonical(state)))
	return hex.EncodeToString(sum[:])
}

func answer(implementation Implementation, request fields) (said fields) {
	defer func() { // a mistake of this client is said to be one, and is no rejection
		if mistake := recover(); mistake != nil {
			said = fields{"failed": fmt.Sprint(mistake)}
		}
	}()
	switch request["op"] {
	case "hello":
		name, version, actions := implementation.Introduction()
		return fields{
			"wire": "1", "name": name, "version": version, "actions": actions,
			"reasons": "typed", "digests": []string{"sha-256"},
		}
	case "reset":
		if err := implementation.Reset(request["head"].(fields)); err != nil {
			return failure(err)
		}
		return fields{"digest": digest(implementation.State())}
	case "apply":
		returns, err := implementation.Apply(request["call"].(fields))
		if reason, ok := err.(Rejected); ok {
			return fields{"rejected": string(reason), "digest": digest(implementation.State())}
		}
		if err != nil {
			return failure(err)
		}
		return fields{"returns": returns, "digest": digest(implementation.State())}
	case "state":
		return fields{"state": implementation.State()}
	}
	return fields{}
}

func failure(err error) fields {
	if why, ok := err.(Unsupported); ok {
		return fields{"unsupported": string(why)}
	}
	return fields{"failed": err.Error()}
}

func main() {
	var implementation Implementation = &pool{}
	lines := bufio.NewReaderSize(os.Stdin, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var request fields
		if err := json.Unmarshal(line, &request); err != nil {
			panic(err)
		}
		said := answer(implementation, request)
		said["seq"] = request["seq"]
		fmt.Println(encode(said))
		if request["op"] == "bye" {
			return
		}
	}
}

type pool struct {
	stake, total *big.Int
	shares       map[string]*big.Int
}

var (
	one = big.NewInt(1)
	wad = new(big.Int).Exp(big.NewInt(10), big.NewInt(18), nil)
)

func (p *pool) Introduction() (string, string, []string) {
	return "pool in Go", "1", []string{"deposit", "withdraw", "slash"}
}

func (p *pool) Reset(head fields) error {
	p.stake, p.total, p.shares = new(big.Int), new(big.Int), map[string]*big.Int{}
	for _, staker := range head["stakers"].([]any) {
		p.shares[staker.(string)] = new(big.Int)
	}
	return nil
}

// scaled is amount * times / of, rounded down.
func scaled(amount, times, of *big.Int) *big.Int {
	product := new(big.Int).Mul(amount, times)
	return product.Quo(product, of)
}

func plus(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }

func (p *pool) Apply(call fields) (any, error) {
	sender, args := call["sender"].(string), call["args"].(fields)
	amount := func(name string) *big.Int {
		value, _ := new(big.Int).SetString(args[name].(string), 10)
		return value
	}
	held := p.shares[sender]
	if held == nil {
		held = new(big.Int)
	}
	switch call["action"] {
	case "deposit":
		shares := scaled(amount("amount"), plus(p.total, one), plus(p.stake, one))
		if shares.Sign() == 0 {
			return nil, Rejected("NoSharesForAmount")
		}
		p.stake, p.total = plus(p.stake, amount("amount")), plus(p.total, shares)
		p.shares[sender] = plus(held, shares)
		return shares.String(), nil
	case "withdraw":
		shares := amount("shares")
		if shares.Cmp(held) > 0 {
			return nil, Rejected("NotEnoughShares")
		}
		paid := scaled(shares, plus(p.stake, one), plus(p.total, one))
		p.stake, p.total = new(big.Int).Sub(p.stake, paid), new(big.Int).Sub(p.total, shares)
		p.shares[sender] = new(big.Int).Sub(held, shares)
		return paid.String(), nil
	}
	if sender != "service" {
		return nil, Rejected("NotTheService")
	}
	fraction := amount("wad_to_slash")
	if fraction.Sign() <= 0 || fraction.Cmp(wad) > 0 {
		return nil, Rejected("InvalidFraction")
	}
	product := new(big.Int).Mul(p.stake, fraction)
	burned := product.Quo(product.Add(product, new(big.Int).Sub(wad, one)), wad)
	p.stake = new(big.Int).Sub(p.stake, burned)
	return burned.String(), nil
}

func (p *pool) State() any {
	stakers := fields{}
	for staker, amount := range p.shares {
		stakers[staker] = amount.String()
	}
	return fields{"stake": p.stake.String(), "shares": p.total.String(), "stakers": stakers}
}

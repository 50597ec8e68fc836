package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/phscript/phscript/runtime"
)

// Ledger is a Go value with a method that scripts call.
type Ledger struct{ Total float64 }

// Book adds an amount and returns the new total.
func (l *Ledger) Book(amount float64) float64 {
	l.Total += amount
	return l.Total
}

func Example() {
	ledger := &Ledger{}
	rt, err := runtime.New(runtime.Options{
		Stdout: os.Stdout,
		Values: map[string]any{"ledger": ledger},
		LuaModules: map[string]string{
			"pricing": `return { yearly = function(monthly) return monthly * 12 end }`,
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	program, err := rt.Compile(context.Background(), runtime.Script{
		Name: "book.lua",
		Source: []byte(`
			local pricing = require "pricing"
			local name = ...
			local total = ledger:Book(pricing.yearly(100))
			print("booked for " .. name)
			return { customer = name, total = total }`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := program.Run(context.Background(), runtime.RunOptions{Args: []string{"Acme"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var booked struct {
		Customer string
		Total    int
	}
	if err := result.Decode(&booked); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(booked.Customer, booked.Total, ledger.Total)
	// Output:
	// booked for Acme
	// Acme 1200 1200
}

func ExampleScriptError_Render() {
	rt, err := runtime.New(runtime.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = rt.Run(context.Background(), runtime.Script{
		Name:   "owners.lua",
		Source: []byte("local company = { name = \"Acme\" }\nprint(company.owner.name)\n"),
	})
	var failed *runtime.ScriptError
	if errors.As(err, &failed) {
		_ = failed.Render(os.Stdout, false)
	}
	// Output:
	// error: owners.lua:2: attempt to index field 'owner' (a nil value)
	//     2 | print(company.owner.name)
	// hint: 'company.owner' is nil; where it may be missing, write (company.owner or {}).name
}

using System.Globalization;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Analysis.Thresholds;

/// <summary>Why a condition cannot be read.</summary>
/// <param name="Column">Of the fault in the condition, from 1.</param>
/// <param name="Message">What was expected and what came.</param>
/// <param name="Suggestion">What to write instead; null when there is none.</param>
public sealed record ConditionFault(int Column, string Message, string? Suggestion = null);

/// <summary>
/// Reads conditions. <c>or</c> binds weakest, then <c>and</c>, <c>not</c>, comparisons; <c>||</c>, <c>&amp;&amp;</c> and <c>!</c> are the
/// same. Names: <c>result</c>, <c>result[0]</c>, <c>len(result)</c>, <c>isNaN(x)</c>, <c>isInf(x)</c>, <c>isNil(x)</c>,
/// <c>default(x, y)</c>, <c>all(result, # &lt; y)</c>, <c>any(result, # &lt; y)</c>, <c>true</c>, <c>false</c>.
/// </summary>
public sealed class ConditionParser
{
    private const int MaxLength = 1000;
    private const int MaxDepth = 50;
    private static readonly string[] Functions = ["len", "isNaN", "isInf", "isNil", "default", "all", "any"];
    private static readonly string[] Comparisons = ["<", "<=", ">", ">=", "==", "!="];

    private readonly string _text;
    private readonly MetricUnit _unit;
    private int _at;
    private int _depth;
    private bool _inQuantifier;

    private ConditionParser(string text, MetricUnit unit)
    {
        _text = text;
        _unit = unit;
    }

    /// <summary>Reads a condition on answers of a unit.</summary>
    /// <returns>The condition, or what is wrong with it.</returns>
    public static (Condition? Condition, ConditionFault? Fault) Parse(string text, MetricUnit unit)
    {
        if (text.Length > MaxLength)
        {
            return (null, new ConditionFault(1, $"A condition has at most {MaxLength} characters; this one has {text.Length}."));
        }

        try
        {
            return (new Condition(text, new ConditionParser(text, unit).Whole()), null);
        }
        catch (FaultException e)
        {
            return (null, e.Fault);
        }
    }

    private Condition.Expression Whole()
    {
        Skip();
        if (_at == _text.Length)
        {
            throw Fault(_at, "A condition is empty.", "such as 'result < 0.05'");
        }

        var root = Or();
        if (_at < _text.Length)
        {
            throw _text[_at] == '='
                ? Fault(_at, "'=' does not compare.", "write '=='")
                : Fault(_at, $"Expected an operator or the end, found {Found()}.", "combine with 'and' and 'or'");
        }

        return Truth(root, 0);
    }

    private Condition.Expression Or()
    {
        // Brackets and 'not' come back here: text of a plan must not exhaust the stack.
        if (++_depth > MaxDepth)
        {
            throw Fault(_at, $"Nested deeper than {MaxDepth}.");
        }

        var start = _at;
        var left = And();
        while (Word("or") || Take("||"))
        {
            left = new Condition.Or(Truth(left, start), Operand(And));
        }

        _depth--;
        return left;
    }

    private Condition.Expression And()
    {
        var start = _at;
        var left = Not();
        while (Word("and") || Take("&&"))
        {
            left = new Condition.And(Truth(left, start), Operand(Not));
        }

        return left;
    }

    private Condition.Expression Not()
    {
        if (Word("not") || (!_text.AsSpan(_at).StartsWith("!=") && Take("!")))
        {
            if (++_depth > MaxDepth)
            {
                throw Fault(_at, $"Nested deeper than {MaxDepth}.");
            }

            var negated = new Condition.Not(Operand(Not));
            _depth--;
            return negated;
        }

        return Comparison();
    }

    private Condition.Expression Comparison()
    {
        var start = _at;
        var left = Primary();
        var operatorAt = _at;
        if (Operator() is not { } comparison)
        {
            return left;
        }

        Number(left, start);
        var rightAt = _at;
        var right = Number(Primary(), rightAt);
        var chainedAt = _at;
        if (Operator() is not null)
        {
            throw Fault(chainedAt, "Comparisons do not chain.", "join two of them with 'and'");
        }

        if (left is Condition.Literal && right is Condition.Literal)
        {
            throw Fault(operatorAt, "Both sides are constants: the result is not asked about.");
        }

        return new Condition.Comparison(comparison, left, right);
    }

    private Condition.Expression Primary()
    {
        var start = _at;
        if (Take("("))
        {
            var inner = Or();
            Expect(")");
            return inner;
        }

        if (Take("#"))
        {
            return _inQuantifier ? new Condition.Element() : throw Fault(start, "'#' stands for a series inside 'all' and 'any' only.", "write 'result'");
        }

        if (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] is '-' or '+' or '.'))
        {
            return Quantity();
        }

        var name = Name();
        switch (name)
        {
            case "true" or "false":
                return new Condition.Constant(name == "true");
            case "result":
                return Take("[") ? Item() : new Condition.Result();
            case "all" or "any":
                return Quantifier(name == "all");
            case "len":
                Expect("(");
                TheResult();
                Expect(")");
                return new Condition.Length();
            case "isNaN" or "isInf" or "isNil":
                Expect("(");
                var of = Argument();
                Expect(")");
                return name == "isNaN" ? new Condition.IsNaN(of) : name == "isInf" ? new Condition.IsInfinite(of) : new Condition.IsNil(of);
            case "default":
                Expect("(");
                var value = Argument();
                Expect(",");
                var otherwise = Argument();
                Expect(")");
                return new Condition.Default(value, otherwise);
            case "":
                throw Fault(start, $"Expected 'result', a number or a function, found {Found()}.");
            default:
                throw Fault(start, $"'{name}' is not known here.", Plans.Compilation.Spelling.Suggest(name, ["result", .. Functions]));
        }
    }

    private Condition.Item Item()
    {
        var start = _at;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        if (!int.TryParse(_text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            throw Fault(start, $"Expected a whole number from 0, found {Found()}.", "such as result[0]");
        }

        Skip();
        Expect("]");
        return new Condition.Item(index);
    }

    private Condition.Quantifier Quantifier(bool all)
    {
        Expect("(");
        TheResult();
        Expect(",");
        var braces = Take("{");
        var before = _inQuantifier;
        _inQuantifier = true;
        var start = _at;
        var of = Truth(Or(), start);
        _inQuantifier = before;
        if (braces)
        {
            Expect("}");
        }

        Expect(")");
        return new Condition.Quantifier(all, of);
    }

    private Condition.Literal Quantity()
    {
        var start = _at;
        if (_text[_at] is '-' or '+')
        {
            _at++;
        }

        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '.' or '%' || (_text[_at] == '/' && _text[_at - 1] == '%')
            || (_text[_at] is '-' or '+' && _text[_at - 1] is 'e' or 'E')))
        {
            _at++;
        }

        var (value, problem, suggestion) = Units.Read(_text[start.._at], _unit);
        if (problem is not null)
        {
            throw Fault(start, problem, suggestion);
        }

        Skip();
        return new Condition.Literal(value);
    }

    private void TheResult()
    {
        var start = _at;
        if (Name() != "result")
        {
            throw Fault(start, "Expected 'result'.");
        }
    }

    private Condition.Expression Argument()
    {
        var start = _at;
        return Number(Primary(), start);
    }

    private Condition.Expression Operand(Func<Condition.Expression> read)
    {
        var start = _at;
        return Truth(read(), start);
    }

    private static Condition.Expression Truth(Condition.Expression expression, int start) => expression.Type == Condition.Type.Truth
        ? expression
        : throw Fault(start, "Expected a comparison, found a number.", "such as 'result < 0.05'");

    private static Condition.Expression Number(Condition.Expression expression, int start) => expression.Type != Condition.Type.Truth
        ? expression
        : throw Fault(start, "Expected a number, found something that is true or false.");

    private string? Operator()
    {
        foreach (var comparison in Comparisons.OrderByDescending(c => c.Length))
        {
            if (Take(comparison))
            {
                return comparison;
            }
        }

        return null;
    }

    private string Name()
    {
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] == '_'))
        {
            _at++;
        }

        var name = _text[start.._at];
        Skip();
        return name;
    }

    private bool Word(string word)
    {
        var end = _at + word.Length;
        return (end >= _text.Length || !char.IsAsciiLetterOrDigit(_text[end])) && Take(word);
    }

    private bool Take(string token)
    {
        if (!_text.AsSpan(_at).StartsWith(token))
        {
            return false;
        }

        _at += token.Length;
        Skip();
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token))
        {
            throw Fault(_at, $"Expected '{token}', found {Found()}.");
        }
    }

    private string Found()
    {
        if (_at >= _text.Length)
        {
            return "the end";
        }

        var end = _at;
        while (end < _text.Length && end - _at < 20 && !char.IsWhiteSpace(_text[end]))
        {
            end++;
        }

        return $"'{_text[_at..end]}'";
    }

    private void Skip()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private static FaultException Fault(int at, string message, string? suggestion = null) => new(new ConditionFault(at + 1, message, suggestion));

    private sealed class FaultException(ConditionFault fault) : Exception(fault.Message)
    {
        public ConditionFault Fault { get; } = fault;
    }
}

using System.Globalization;

namespace Sluice.Domain.Analysis.Thresholds;

/// <summary>
/// A condition on the result of a query, such as <c>result[0] &lt; 5% or len(result) == 0</c>. The language is the part of Argo's that
/// conditions use, made total: it has no loops, no arithmetic and no side effects. Made by <see cref="ConditionParser"/>.
/// </summary>
public sealed class Condition
{
    private readonly Expression _root;

    internal Condition(string text, Expression root)
    {
        Text = text;
        _root = root;
    }

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>Holds it against a result.</summary>
    /// <returns>
    /// Whether it holds; or, when that cannot be said, why: a comparison met NaN, an index has no series, or one number was wanted and there
    /// were several. Missing data that the condition does not ask about is never an answer.
    /// </returns>
    public (bool Holds, string? Error) Evaluate(QueryResult result)
    {
        try
        {
            return (_root.Truth(new Scope(result.Values, null)), null);
        }
        catch (UndecidableException e)
        {
            return (false, e.Message);
        }
    }

    /// <summary>What a name stands for while a condition is evaluated.</summary>
    /// <param name="Result">The query's values.</param>
    /// <param name="Element">The present element inside <c>all</c> and <c>any</c>; null outside.</param>
    internal sealed record Scope(IReadOnlyList<double> Result, double? Element);

    private sealed class UndecidableException(string message) : Exception(message);

    /// <summary>What an expression is.</summary>
    internal enum Type
    {
        Truth,
        Number,

        /// <summary>The query's values; one of them is a number as well.</summary>
        Values,
    }

    /// <summary>A node of the tree. Parts have the right types: the parser has checked.</summary>
    internal abstract record Expression(Type Type)
    {
        public virtual bool Truth(Scope scope) => throw new InvalidOperationException($"{GetType().Name} is no truth value.");

        /// <summary>The value; null when there is none.</summary>
        public virtual double? Value(Scope scope) => throw new InvalidOperationException($"{GetType().Name} is no number.");

        /// <summary>A value that can be compared.</summary>
        public double Number(Scope scope) => Value(scope) switch
        {
            null => throw new UndecidableException("no data: the query returned no series"),
            double.NaN => throw new UndecidableException("no data: the query returned NaN"),
            { } value => value,
        };
    }

    internal sealed record Literal(double Of) : Expression(Type.Number)
    {
        public override double? Value(Scope scope) => Of;
    }

    internal sealed record Constant(bool Of) : Expression(Type.Truth)
    {
        public override bool Truth(Scope scope) => Of;
    }

    internal sealed record Result() : Expression(Type.Values)
    {
        public override double? Value(Scope scope) => scope.Result.Count switch
        {
            0 => null,
            1 => scope.Result[0],
            var count => throw new UndecidableException($"ambiguous: the query returned {count} series, use result[0], all or any"),
        };
    }

    internal sealed record Item(int Index) : Expression(Type.Number)
    {
        public override double? Value(Scope scope) => Index < scope.Result.Count
            ? scope.Result[Index]
            : scope.Result.Count == 0 ? null
            : throw new UndecidableException($"result[{Index}] does not exist: the query returned {scope.Result.Count} series");
    }

    internal sealed record Element() : Expression(Type.Number)
    {
        public override double? Value(Scope scope) => scope.Element;
    }

    internal sealed record Length() : Expression(Type.Number)
    {
        public override double? Value(Scope scope) => scope.Result.Count;
    }

    internal sealed record Default(Expression Of, Expression Otherwise) : Expression(Type.Number)
    {
        public override double? Value(Scope scope) => Of.Value(scope) is { } value && !double.IsNaN(value) ? value : Otherwise.Value(scope);
    }

    internal sealed record IsNaN(Expression Of) : Expression(Type.Truth)
    {
        public override bool Truth(Scope scope) => Of.Value(scope) is double.NaN;
    }

    internal sealed record IsInfinite(Expression Of) : Expression(Type.Truth)
    {
        public override bool Truth(Scope scope) => Of.Value(scope) is { } value && double.IsInfinity(value);
    }

    internal sealed record IsNil(Expression Of) : Expression(Type.Truth)
    {
        public override bool Truth(Scope scope) => Of.Value(scope) is null;
    }

    internal sealed record Comparison(string Operator, Expression Left, Expression Right) : Expression(Type.Truth)
    {
        public override bool Truth(Scope scope)
        {
            var (left, right) = (Left.Number(scope), Right.Number(scope));
            return Operator switch
            {
                "<" => left < right,
                "<=" => left <= right,
                ">" => left > right,
                ">=" => left >= right,
                "==" => left == right,
                _ => left != right,
            };
        }
    }

    internal sealed record Not(Expression Of) : Expression(Type.Truth)
    {
        public override bool Truth(Scope scope) => !Of.Truth(scope);
    }

    internal sealed record And(Expression Left, Expression Right) : Expression(Type.Truth)
    {
        public override bool Truth(Scope scope) => Left.Truth(scope) && Right.Truth(scope);
    }

    internal sealed record Or(Expression Left, Expression Right) : Expression(Type.Truth)
    {
        public override bool Truth(Scope scope) => Left.Truth(scope) || Right.Truth(scope);
    }

    /// <summary><c>all</c> or <c>any</c>. Over no series there is nothing to say, unless the condition asks for the length first.</summary>
    internal sealed record Quantifier(bool All, Expression Of) : Expression(Type.Truth)
    {
        public override bool Truth(Scope scope)
        {
            if (scope.Result.Count == 0)
            {
                throw new UndecidableException("no data: the query returned no series");
            }

            return All
                ? scope.Result.All(value => Of.Truth(scope with { Element = value }))
                : scope.Result.Any(value => Of.Truth(scope with { Element = value }));
        }
    }

    /// <summary>A number as messages show it.</summary>
    internal static string Show(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}

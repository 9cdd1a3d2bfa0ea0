using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Domain.Plans;

namespace Sluice.Api.Http;

/// <summary>Reads query parameters and collects every fault; <see cref="ThrowIfFaulty"/> reports them together.</summary>
public sealed class QueryReader(IQueryCollection query)
{
    private readonly List<PlanFault> _faults = [];

    /// <summary>A text; null when absent or empty.</summary>
    public string? Text(string name) => query[name].ToString() is { Length: > 0 } value ? value : null;

    /// <summary>A whole number within bounds.</summary>
    public int Integer(string name, int fallback, int min, int max)
    {
        var text = Text(name);
        if (text is null)
        {
            return fallback;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        _faults.Add(new PlanFault("bad-parameter", name, 0, 0, $"{name} is a whole number from {min} to {max}, not '{text}'."));
        return fallback;
    }

    /// <summary>A word of a vocabulary, as PascalCase or snake_case, without case.</summary>
    public T? Word<T>(string name)
        where T : struct, Enum
    {
        var text = Text(name);
        if (text is null)
        {
            return null;
        }

        var bare = text.Replace("_", "", StringComparison.Ordinal);
        if (!char.IsAsciiLetter(bare.FirstOrDefault()) || !Enum.TryParse<T>(bare, ignoreCase: true, out var value))
        {
            _faults.Add(new PlanFault("bad-parameter", name, 0, 0, $"{name} is one of {string.Join(", ", Enum.GetNames<T>())}, not '{text}'."));
            return null;
        }

        return value;
    }

    /// <summary>A moment in RFC 3339.</summary>
    public DateTimeOffset? Time(string name)
    {
        var text = Text(name);
        if (text is null)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var value))
        {
            return value;
        }

        _faults.Add(new PlanFault("bad-parameter", name, 0, 0, $"{name} is a time such as 2026-11-21T09:00:00Z, not '{text}'."));
        return null;
    }

    /// <summary>Refuses the request when any parameter read so far was wrong.</summary>
    /// <exception cref="ProblemException">400 with every fault.</exception>
    public void ThrowIfFaulty()
    {
        if (_faults.Count > 0)
        {
            throw new ProblemException(Problem.BadRequest(_faults));
        }
    }
}

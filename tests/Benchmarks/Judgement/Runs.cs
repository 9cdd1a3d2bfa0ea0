using Sluice.Benchmarks.Judgement.Traffic;

namespace Sluice.Benchmarks.Judgement;

/// <summary>Many runs of one cell on all processors; the results are the same on however many.</summary>
/// <param name="seed">Of the whole benchmark.</param>
internal sealed class Runs(ulong seed)
{
    /// <summary>Runs a cell.</summary>
    /// <param name="cell">Its name; it is part of each run's seed.</param>
    /// <param name="count">How often.</param>
    /// <param name="run">One run; it may keep nothing.</param>
    public T[] Of<T>(string cell, int count, Func<Draw, T> run) => Of(cell, count, (draw, _) => run(draw));

    /// <inheritdoc cref="Of{T}(string, int, Func{Draw, T})"/>
    public T[] Of<T>(string cell, int count, Func<Draw, int, T> run)
    {
        var results = new T[count];
        Parallel.For(0, count, i => results[i] = run(new Draw(seed, cell, i), i));
        return results;
    }

    public Share Count(string cell, int count, Func<Draw, bool> run) => new(Of(cell, count, run).Count(hit => hit), count);
}

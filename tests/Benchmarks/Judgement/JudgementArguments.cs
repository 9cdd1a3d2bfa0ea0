using System.Globalization;

namespace Sluice.Benchmarks.Judgement;

/// <summary>What the benchmark is asked for.</summary>
/// <param name="Json">One flat object instead of tables.</param>
/// <param name="Full">As many runs of a cell that lasts a day as of a short one, also in the matrix.</param>
/// <param name="Seed">Of all randomness.</param>
/// <param name="Only">One part; null for all.</param>
/// <param name="Runs">Of a cell.</param>
/// <param name="Like">Only cells, rows of the matrix and plans of the corpus whose name has this in it; null for all.</param>
internal sealed record JudgementArguments(bool Json, bool Full, ulong Seed, string? Only, int Runs, string? Like)
{
    /// <summary>Reads the command line; null when it cannot be understood.</summary>
    public static JudgementArguments? Parse(string[] options)
    {
        var result = new JudgementArguments(Json: false, Full: false, Seed: 1, Only: null, Runs: 2_000, Like: null);
        for (var i = 0; i < options.Length; i++)
        {
            var value = options.ElementAtOrDefault(i + 1);
            switch (options[i])
            {
                case "--json":
                    result = result with { Json = true };
                    break;
                case "--full":
                    result = result with { Full = true };
                    break;
                case "--seed" when ulong.TryParse(value, CultureInfo.InvariantCulture, out var seed):
                    result = result with { Seed = seed };
                    i++;
                    break;
                case "--runs" when int.TryParse(value, CultureInfo.InvariantCulture, out var runs) && runs > 0:
                    result = result with { Runs = runs };
                    i++;
                    break;
                case "--like" when value is not null:
                    result = result with { Like = value };
                    i++;
                    break;
                case "--only" when JudgementBenchmark.Parts.Contains(value):
                    result = result with { Only = value };
                    i++;
                    break;
                default:
                    return null;
            }
        }

        return result;
    }
}

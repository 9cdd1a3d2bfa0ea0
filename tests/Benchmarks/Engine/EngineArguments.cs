using System.Globalization;

namespace Sluice.Benchmarks.Engine;

/// <summary>What the benchmark is asked for.</summary>
internal sealed record EngineArguments(bool Json, Scale Scale, string? Only)
{
    // A twentieth takes about half an hour; one rollout costs the same in a fortieth.
    private const int Week = 20;

    /// <summary>Reads the command line; null when it cannot be understood.</summary>
    public static EngineArguments? Parse(string[] options)
    {
        var result = new EngineArguments(Json: false, new Scale(Full: false, Week), Only: null);
        for (var i = 0; i < options.Length; i++)
        {
            switch (options[i])
            {
                case "--json":
                    result = result with { Json = true };
                    break;
                case "--full":
                    result = result with { Scale = new Scale(Full: true, Week: 1) };
                    break;
                case "--only" when EngineBenchmark.Names.Contains(options.ElementAtOrDefault(i + 1)):
                    result = result with { Only = options[++i] };
                    break;
                case "--week" when int.TryParse(options.ElementAtOrDefault(i + 1), CultureInfo.InvariantCulture, out var week) && week > 0:
                    result = result with { Scale = result.Scale with { Week = week } };
                    i++;
                    break;
                default:
                    return null;
            }
        }

        return result;
    }
}

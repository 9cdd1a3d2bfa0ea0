using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Orchestration.Explanations;

namespace Sluice.Cli.Verbs;

/// <summary><c>explain ID</c>.</summary>
internal static class ExplainVerb
{
    public static Command Create(Terminal terminal)
    {
        var id = RolloutArgument.Create();
        return new Command("explain", "Say why: what every step found, the numbers that led to it, and where to see them.") { id }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var explanation = await client.GetAsync<Explanation>(RolloutArgument.Path(parsed.GetRequiredValue(id)) + "/explanation", cancellationToken);
                if (parsed.GetValue(CommonOptions.Json))
                {
                    terminal.WriteJson(explanation);
                }
                else
                {
                    foreach (var line in Lines(explanation))
                    {
                        await terminal.Output.WriteLineAsync(line);
                    }
                }

                return ExitCode.Ok;
            });
    }

    /// <summary>As people read it.</summary>
    internal static IEnumerable<string> Lines(Explanation explanation)
    {
        yield return $"{explanation.Service} {explanation.Version}: {explanation.Outcome?.ToString() ?? explanation.Phase.ToString()}. {explanation.Message}";
        foreach (var step in explanation.Steps)
        {
            yield return "";
            yield return $"{step.Index + 1}. {step.Title}{(step.Environment is null || step.Title.Contains(step.Environment, StringComparison.Ordinal) ? "" : $" ({step.Environment})")}: "
                + $"{step.State}, {step.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";
            yield return "   " + step.Why;
            if (step.Metrics.Count > 0)
            {
                var took = step.From is { } from ? $" over {Ages.Between(from, step.At)}" : "";
                yield return $"   {step.Looks} look{(step.Looks == 1 ? "" : "s")}{took}{(step.Weight is { } weight ? $", at {weight} % of the traffic" : "")}:";
            }

            foreach (var metric in step.Metrics)
            {
                yield return $"   {metric.Metric}, {metric.Result}: {metric.Words}";
                yield return $"      see it: {metric.Query}";
            }
        }
    }
}

using System.CommandLine;
using Sluice.Cli.Client;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Cli.Verbs;
using Sluice.Domain.Analysis;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Soaks;

namespace Sluice.Cli.Simulate;

/// <summary><c>replay PLAN --series FILE | --last N</c>: what would this plan have decided.</summary>
internal static class ReplayVerb
{
    public static Command Create(Terminal terminal)
    {
        var plan = new Argument<string>("plan") { Description = "The plan's file." };
        var series = new Option<string?>("--series") { Description = "Counts a minute: a CSV file with minute, canaryRequests, canaryErrors, stableRequests, stableErrors.", HelpName = "FILE" };
        var last = new Option<int?>("--last") { Description = "The server's own records of the last N releases.", HelpName = "N" };
        var environment = new Option<string?>("--environment") { Description = "Whose counts, and which of the plan's soaks; its last environment when not given.", HelpName = "ENV" };
        var command = new Command("replay", "Judge recorded counts by a plan's soaks and holds: what would it have decided, when and why.") { plan, series, last, environment };
        command.Validators.Add(result =>
        {
            if (result.GetValue(series) is null == result.GetValue(last) is null)
            {
                result.AddError("Say --series FILE, or --last N.");
            }
            else if (result.GetValue(last) is < 1 or > 500)
            {
                result.AddError("--last is a number from 1 to 500.");
            }
        });
        return command.Asks(terminal, async (parsed, client, cancellationToken) =>
        {
            var (_, compiled) = SimulateVerb.ReadPlan(parsed.GetRequiredValue(plan));
            var where = parsed.GetValue(environment) ?? compiled.LastEnvironment;
            if (!compiled.Environments.Any(e => e.Name == where))
            {
                throw new UsageException($"The plan has no environment '{where}': {string.Join(", ", compiled.Environments.Select(e => e.Name))}.");
            }

            var recordings = parsed.GetValue(series) is { } file
                ? [new Recording(Path.GetFileName(file), null, ReadSeries(file), [])]
                : await RecordedAsync(client, compiled.Service, where, parsed.GetValue(last)!.Value, cancellationToken);
            var replayed = recordings.ConvertAll(r => new Replayed(r.Name, r.Then, SeriesReplay.Run(compiled, where, r.Split, r.Full)));
            Say(terminal, parsed.GetValue(CommonOptions.Json), replayed);
            return ExitCode.Ok;
        });
    }

    private static IReadOnlyList<SeriesRow> ReadSeries(string file)
    {
        var read = SeriesFile.Read(SimulateVerb.ReadText(file));
        return read.Value ?? throw SimulateVerb.Refuse(file, read.Faults);
    }

    private static async Task<List<Recording>> RecordedAsync(SluiceClient client, string service, string environment, int count, CancellationToken cancellationToken)
    {
        var page = await client.GetAsync<Page<Deployment>>(
            "/api/deployments" + QueryText.Of(("service", service), ("environment", environment), ("limit", $"{count}")), cancellationToken);
        var recordings = new List<Recording>();
        foreach (var deployment in page.Items)
        {
            var rows = new List<(int Weight, SeriesRow Row)>();
            string? cursor = null;
            do
            {
                var events = await client.GetAsync<Page<DeploymentEvent>>(
                    "/api/events" + QueryText.Of(
                        ("rollout", deployment.RolloutId), ("environment", environment), ("type", LegRecord.EventType), ("limit", "1000"), ("cursor", cursor)),
                    cancellationToken);
                rows.AddRange(events.Items.SelectMany(e => Rows(e.Data)));
                cursor = events.Cursor;
            }
            while (cursor is not null);
            recordings.Add(new Recording(
                deployment.Version, deployment.Status, [.. rows.Where(r => r.Weight < 100).Select(r => r.Row)], [.. rows.Where(r => r.Weight == 100).Select(r => r.Row)]));
        }

        return recordings;
    }

    private static IEnumerable<(int Weight, SeriesRow Row)> Rows(IReadOnlyDictionary<string, string> data)
    {
        var counts = LegRecord.From(data).Counts;
        var weight = int.TryParse(data.GetValueOrDefault("weight"), out var percent) ? percent : 0;
        return counts.Length == 0 ? [] : CountSeries.Read(counts).Select(row => (weight, row));
    }

    private static void Say(Terminal terminal, bool json, List<Replayed> replayed)
    {
        if (json)
        {
            terminal.WriteJson(replayed);
            return;
        }

        var rows = replayed.Select(r => (IReadOnlyList<string>)
        [
            r.Name,
            r.Then?.ToString() ?? "-",
            r.Now.Verdict switch { Verdict.Pass => "promotes", Verdict.Fail => "rolls back", _ => "undecided" },
            r.Now.At is null ? "-" : Ages.Short(r.Now.Exposure),
            r.Now.Step ?? "-",
            r.Now.Reason,
        ]);
        foreach (var line in TextTable.Render(["RELEASE", "THEN", "THIS PLAN", "AFTER", "STEP", "WHY"], rows))
        {
            terminal.Output.WriteLine(line);
        }
    }

    private sealed record Recording(string Name, DeploymentStatus? Then, IReadOnlyList<SeriesRow> Split, IReadOnlyList<SeriesRow> Full);

    /// <summary>A recording by this plan.</summary>
    /// <param name="Name">The version, or the file.</param>
    /// <param name="Then">How the release ended; null when the recording does not say.</param>
    /// <param name="Now">What this plan decides.</param>
    private sealed record Replayed(string Name, DeploymentStatus? Then, ReplayVerdict Now);
}

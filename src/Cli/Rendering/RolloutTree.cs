using Sluice.Domain.Checklists;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration;
using Spectre.Console;

namespace Sluice.Cli.Rendering;

/// <summary>A rollout as <c>get</c> shows it: a header, then every step under its environment. Written as Spectre markup.</summary>
public static class RolloutTree
{
    /// <summary>The lines.</summary>
    /// <param name="view">What to show.</param>
    /// <param name="now">For ages.</param>
    /// <param name="lines">Whether to draw lines between the steps; a pipe gets plain indentation.</param>
    public static IReadOnlyList<string> Render(RolloutView view, DateTimeOffset now, bool lines)
    {
        var status = view.Status;
        var output = new List<string>();
        Header(output, "Name", view.Id);
        Header(output, "Status", Badge(status));
        Header(output, "Message", status.Message);
        Header(output, "Service", status.Service);
        Header(output, "Release", view.Record.Release.Commit is { } commit ? $"{status.Version} (commit {commit})" : status.Version);
        Header(output, "Stable", status.StableVersion);
        Header(output, "Environment", status.Environment);
        Header(output, "Step", status.Outcome is null && status.Step is not null
            ? $"{Math.Min(status.StepIndex + 1, status.StepCount)} of {status.StepCount}: {status.Step}"
            : $"{status.StepIndex} of {status.StepCount} done");
        Header(output, "Weight", status.ActualWeight is { } actual && actual != status.Weight
            ? $"{status.Weight} % wanted, {actual} % read back"
            : $"{status.Weight} %");
        Header(output, "Waits for", status.WaitingFor.Count > 0 ? string.Join(", ", status.WaitingFor) : null);
        Header(output, "Evidence", status.Evidence);
        Header(output, "Queue", status.QueuePosition is { } place ? $"number {place} in line" : null);
        Header(output, "Emergency", status.Emergency);
        Header(output, "Approved by", status.ApprovedBy.Count > 0 ? string.Join(", ", status.ApprovedBy) : null);
        Header(output, "Goes on by", status.WaitsUntil is { } until && status.Outcome is null
            ? until > now ? $"itself in {Ages.Short(until - now)}" : "itself now"
            : null);
        Header(output, "Retry of", view.Record.RetryOf);
        Header(output, "Started by", $"{view.Record.TriggeredBy}, {Ages.Short(now - view.Record.CreatedAt)} ago");
        output.Add("");
        output.AddRange(Table(view, now, lines));
        return output;
    }

    /// <summary>Icon and words of a status: <c>॥ Paused (Approval)</c>.</summary>
    public static string Badge(RolloutStatus status)
    {
        var detail = status.Outcome?.ToString() ?? status.PauseReason?.ToString();
        return Styled(StyleOf(status.Phase), $"{Icon(status.Phase)} {status.Phase}{(detail is null ? "" : $" ({detail})")}");
    }

    private static IEnumerable<string> Table(RolloutView view, DateTimeOffset now, bool lines)
    {
        var rows = new List<Row> { new("", Icon(view.Status.Phase), $"{view.Status.Service} {view.Status.Version}", StyleOf(view.Status.Phase), view.Status.Phase.ToString(), Ages.Short(now - view.Record.CreatedAt), "") };
        var groups = Groups(view.Steps);
        for (var g = 0; g < groups.Count; g++)
        {
            var lastGroup = g == groups.Count - 1;
            rows.Add(new Row(lines ? lastGroup ? "└── " : "├── " : "  ", "", groups[g].Environment ?? "(no environment)", "", "", "", ""));
            var stem = lines ? lastGroup ? "    " : "│   " : "  ";
            for (var s = 0; s < groups[g].Steps.Count; s++)
            {
                var step = groups[g].Steps[s];
                var lastStep = s == groups[g].Steps.Count - 1;
                rows.Add(new Row(
                    stem + (lines ? lastStep ? "└── " : "├── " : "  "),
                    Icon(step.State),
                    step.Title,
                    StyleOf(step.State),
                    step.State.ToString(),
                    step.StartedAt is null ? "" : Ages.Between(step.StartedAt, step.CompletedAt ?? now),
                    step.Message ?? ""));
                if (step.State == StepState.Paused && step.Kind == "checklist")
                {
                    var under = stem + (lines ? lastStep ? "      " : "│     " : "    ");
                    rows.AddRange(view.Status.Items.Select(item => new Row(under, "", ItemLine(item), "dim", "", "", "") { Free = true }));
                }

                if (step.State is StepState.Running or StepState.Paused && view.Soak is { } soak && step.Kind is "soak" or "hold")
                {
                    var under = stem + (lines ? lastStep ? "      " : "│     " : "    ");
                    rows.AddRange(SoakLines(soak).Select(line => new Row(under, "", line, "dim", "", "", "") { Free = true }));
                }
            }
        }

        var width = rows.Where(r => !r.Free).Max(r => r.Label.Length) + 2;
        yield return Styled("bold", Pad("NAME", width) + Pad("STATUS", 12) + Pad("AGE", 8) + "INFO");
        foreach (var row in rows)
        {
            if (row.Free)
            {
                yield return Markup.Escape(row.Stem) + Styled(row.Style, row.Title);
                continue;
            }

            var label = Markup.Escape(row.Stem) + (row.Icon.Length > 0 ? Styled(row.Style, row.Icon) + " " : "") + Markup.Escape(row.Title);
            var line = label + new string(' ', width - row.Label.Length) + Styled(row.Style, Pad(row.Status, 12)) + Pad(row.Age, 8) + Markup.Escape(row.Info);
            yield return line.TrimEnd();
        }
    }

    private static string ItemLine(ChecklistItemState item) =>
        $"{(item.Done ? "✔" : "◌")} {item.Name}" + (item.By is null ? "" : $", {item.By}") + (item.Note is null ? "" : $": {item.Note}");

    private static IEnumerable<string> SoakLines(SoakProgress soak)
    {
        var left = TimeSpan.FromSeconds(Math.Max(0, soak.RequiredSeconds - soak.ElapsedSeconds));
        yield return $"{Ages.Short(left)} left of {Ages.Short(TimeSpan.FromSeconds(soak.RequiredSeconds))}, {soak.Looks} looks; "
            + $"canary {soak.CanaryRequests} requests, {soak.CanaryErrors} errors; stable {soak.StableRequests} requests, {soak.StableErrors} errors";
        foreach (var line in soak.Evidence)
        {
            yield return line;
        }

        if (soak.Reason is not null)
        {
            yield return $"{soak.Verdict}: {soak.Reason}";
        }
    }

    // Consecutive steps of one environment stand together; an approval between two belongs to the one before.
    private static List<(string? Environment, List<StepView> Steps)> Groups(IReadOnlyList<StepView> steps)
    {
        var groups = new List<(string? Environment, List<StepView> Steps)>();
        foreach (var step in steps)
        {
            if (groups.Count == 0 || (step.Environment is not null && step.Environment != groups[^1].Environment))
            {
                groups.Add((step.Environment, []));
            }

            groups[^1].Steps.Add(step);
        }

        return groups;
    }

    private static void Header(List<string> output, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            output.Add(Pad(name + ":", 14) + (name == "Status" ? value : Markup.Escape(value)));
        }
    }

    private static string Icon(Phase phase) => phase switch
    {
        Phase.Healthy => "✔",
        Phase.Degraded or Phase.Failed => "✖",
        Phase.Paused => "॥",
        Phase.Pending => "◷",
        _ => "◌",
    };

    private static string Icon(StepState state) => state switch
    {
        StepState.Passed => "✔",
        StepState.Failed => "✖",
        StepState.Paused => "॥",
        StepState.Running => "◌",
        StepState.RolledBack => "⚠",
        StepState.Skipped => "•",
        _ => "◷",
    };

    private static string StyleOf(Phase phase) => phase switch
    {
        Phase.Healthy => "green",
        Phase.Degraded or Phase.Failed => "red",
        Phase.Paused => "yellow",
        _ => "blue",
    };

    private static string StyleOf(StepState state) => state switch
    {
        StepState.Passed => "green",
        StepState.Failed => "red",
        StepState.Paused or StepState.RolledBack => "yellow",
        StepState.Running => "blue",
        _ => "dim",
    };

    private static string Styled(string style, string text) =>
        style.Length == 0 || string.IsNullOrWhiteSpace(text) ? Markup.Escape(text) : $"[{style}]{Markup.Escape(text)}[/]";

    private static string Pad(string text, int width) => text.Length < width ? text.PadRight(width) : text + " ";

    private sealed record Row(string Stem, string Icon, string Title, string Style, string Status, string Age, string Info)
    {
        public bool Free { get; init; }

        public string Label => Stem + (Icon.Length > 0 ? Icon + " " : "") + Title;
    }
}

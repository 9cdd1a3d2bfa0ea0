namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads <c>every:</c>, one duration or a list such as <c>[1m until 1h, 5m until 8h, 15m]</c>.</summary>
internal static class CadenceSection
{
    private const string Example = "such as [1m until 1h, 5m until 8h, 15m]";
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <returns>At least one; half a minute all along when nothing is said.</returns>
    public static IReadOnlyList<CadenceSpan> Read(Fields fields, TimeSpan? duration, Faults faults)
    {
        if (fields.Find("every") is not Node.Sequence list)
        {
            var every = fields.Duration("every", Shortest, Longest);
            if (every > duration)
            {
                faults.Add(
                    "contradiction", fields.Where("every"),
                    $"Looking every {Durations.Format(every.Value)} never looks within {Durations.Format(duration.Value)}.");
            }

            return [new CadenceSpan(every ?? (duration < Detection.Glance ? duration.Value : Detection.Glance), null)];
        }

        var spans = new List<CadenceSpan>();
        foreach (var item in list.Items)
        {
            if (Span(item, faults) is not { } span)
            {
                continue;
            }

            var before = spans.Count > 0 ? spans[^1].Until : TimeSpan.Zero;
            if (before is null || span.Until <= before)
            {
                faults.Add("contradiction", item, "Each entry ends later than the one before; only the last has no 'until'.", Example);
            }
            else if (span.Every > (span.Until ?? duration ?? TimeSpan.MaxValue) - before)
            {
                faults.Add("contradiction", item, $"Looking every {Durations.Format(span.Every)} never looks before the entry ends.");
            }

            spans.Add(span);
        }

        if (spans.Count == 0)
        {
            if (list.Items.Count == 0)
            {
                faults.Add("empty-list", list, "Expected at least one cadence.", Example);
            }

            return [new CadenceSpan(Detection.Glance, null)];
        }

        return spans;
    }

    private static CadenceSpan? Span(Node node, Faults faults)
    {
        var words = (node as Node.Scalar)?.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        TimeSpan every = default, until = default;
        var reads = words is [var first] ? Durations.TryParse(first, out every)
            : words is [var start, "until", var end] && Durations.TryParse(start, out every) && Durations.TryParse(end, out until);
        if (!reads)
        {
            faults.Add("bad-duration", node, $"Expected '15m' or '5m until 8h', found {faults.Show(node)}.", Example);
            return null;
        }

        if (every < Shortest || every > Longest)
        {
            faults.Add("out-of-range", node, $"Expected {Durations.Format(Shortest)} to {Durations.Format(Longest)}, found {Durations.Format(every)}.");
            return null;
        }

        return new CadenceSpan(every, words.Length == 1 ? null : until);
    }
}

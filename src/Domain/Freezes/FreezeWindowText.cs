namespace Sluice.Domain.Freezes;

/// <summary>A freeze window as people write it, in a plan or in a server's settings.</summary>
public sealed record FreezeWindowText
{
    /// <summary>Of the setting; see <see cref="FreezeWindow"/>.</summary>
    public string? Name { get; init; }

    /// <summary>IANA name.</summary>
    public string? TimeZone { get; init; }

    /// <summary>The first moment.</summary>
    public string? From { get; init; }

    /// <summary>The first moment after.</summary>
    public string? To { get; init; }

    /// <summary>What is wrong with each member, by its name in camelCase: what was expected and what came; and what to write instead.</summary>
    /// <param name="window">The window, when nothing is wrong.</param>
    public IReadOnlyList<(string Member, string Message, string? Suggestion)> Read(out FreezeWindow? window)
    {
        var faults = new List<(string, string, string?)>();
        var zone = TimeZone ?? "UTC";
        if (!FreezeCalendar.KnowsZone(zone))
        {
            faults.Add(("timeZone", $"'{zone}' is not an IANA time zone that this machine knows.", "write it like 'Europe/Berlin' or 'UTC'"));
        }

        var from = Moment("from", From);
        var to = Moment("to", To);
        if (from is not null && to is not null)
        {
            if (from.IsWeekly != to.IsWeekly)
            {
                faults.Add(("to", $"'{From}' and '{To}' are of two kinds: one comes every week, the other once.", "give both a day, or both a date"));
            }
            else if (from.IsWeekly ? from == to : to.Date!.Value.ToDateTime(to.Time) <= from.Date!.Value.ToDateTime(from.Time))
            {
                faults.Add(("to", $"The window ends at {to}, and begins at {from}.", from.IsWeekly ? null : "put the later one into 'to'"));
            }
        }

        window = faults.Count == 0 ? new FreezeWindow(Name ?? "", zone, from!, to!) : null;
        return faults;

        FreezeMoment? Moment(string member, string? text)
        {
            var moment = FreezeMoment.Parse(text);
            if (moment is null)
            {
                faults.Add((member, $"Expected a moment such as 'fri 16:00' or '2026-12-19T00:00', found '{text}'.", null));
            }

            return moment;
        }
    }
}

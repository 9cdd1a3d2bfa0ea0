using System.Globalization;
using System.Text.Json;
using Sluice.Domain.Checklists;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Rollouts;

/// <summary>
/// Tells the world what a rollout does: the custom status, and its projection in the registry (read model, events, deployment rows).
/// The history is the truth; what the registry could not take goes along with the next record.
/// </summary>
internal sealed class Journal(DurableContext context, RolloutInput input, string service, RolloutStatus first)
{
    private readonly List<DeploymentEvent> _events = [];
    private readonly Dictionary<string, Deployment> _rows = new(StringComparer.Ordinal);
    private long _sequence;

    /// <summary>The status now.</summary>
    public RolloutStatus Status { get; private set; } = first;

    /// <summary>Adds an event; it is written with the next record.</summary>
    public void Note(string type, string? environment, string message, params ReadOnlySpan<(string Name, string Value)> data)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in data)
        {
            values[name] = value;
        }

        _events.Add(new DeploymentEvent(
            $"{input.RolloutId}#{(++_sequence).ToString(CultureInfo.InvariantCulture)}",
            input.RolloutId, service, environment, type, Now, message, values));
    }

    /// <summary>Changes a deployment row; it is written with the next record.</summary>
    public void Put(Deployment row) => _rows[row.Id] = row;

    /// <summary>Shows a status, at once in the instance and then in the registry, with everything noted meanwhile.</summary>
    public Task ShowAsync(RolloutStatus status)
    {
        Show(status);
        return FlushAsync();
    }

    /// <summary>Shows a status in the instance; the registry follows with the next record.</summary>
    public void Show(RolloutStatus status)
    {
        Status = StatusSize.Fit(status);
        context.SetCustomStatus(Status);
    }

    /// <summary>Writes what was noted.</summary>
    /// <returns>False when the registry did not take it: it is kept for the next time.</returns>
    public async Task<bool> FlushAsync()
    {
        DeploymentEvent[] events = [.. _events];
        Deployment[] rows = [.. _rows.Values];
        try
        {
            await context.CallActivityAsync(
                ActivityRefs.Record, new Progress(input.RolloutId, ++_sequence, Status, events, rows), Retries.Standard);
        }
        catch (TaskFailureException failure)
        {
            context.CreateReplaySafeLogger(nameof(Journal)).NotRecorded(input.RolloutId, failure.Failure.ErrorMessage);
            return false;
        }

        _events.RemoveRange(0, events.Length);
        foreach (var row in rows)
        {
            if (ReferenceEquals(_rows.GetValueOrDefault(row.Id), row))
            {
                _rows.Remove(row.Id);
            }
        }

        return true;
    }

    /// <summary>Writes what was noted, however long the registry takes to come back.</summary>
    public async Task FlushSurelyAsync()
    {
        for (var delay = TimeSpan.FromSeconds(10); !await FlushAsync(); delay = Longer(delay))
        {
            await context.CreateTimer(delay);
        }
    }

    private DateTimeOffset Now => new(context.CurrentUtcDateTime, TimeSpan.Zero);

    private static TimeSpan Longer(TimeSpan delay) => TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, TimeSpan.FromMinutes(5).Ticks));
}

/// <summary>Keeps the custom status small: Azure fails an instance whose status is too large.</summary>
public static class StatusSize
{
    /// <summary>Longest JSON, characters, counted with everything outside ASCII escaped.</summary>
    public const int MaxCharacters = 4_000;

    private const int MaxMessage = 500;
    private const int MaxReason = 120;
    private const int MaxNames = 12;

    // Azure's serialiser writes \uXXXX where ours writes the character.
    private static readonly JsonSerializerOptions Escaped = new(DurableJson.Options)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Default,
    };

    /// <summary>The same status with its texts cut until it fits.</summary>
    public static RolloutStatus Fit(RolloutStatus status)
    {
        status = status with
        {
            Message = Cut(status.Message, MaxMessage),
            Emergency = status.Emergency is null ? null : Cut(status.Emergency, MaxReason),
            Items = status.Items.Any(i => i.Note?.Length > MaxReason) ? [.. status.Items.Select(i => i with { Note = i.Note is null ? null : Cut(i.Note, MaxReason) })] : status.Items,
        };
        for (var names = MaxNames; Length(status) > MaxCharacters; names /= 2)
        {
            status = status with
            {
                Message = Cut(status.Message, Math.Max(40, status.Message.Length / 2)),
                Step = status.Step is null ? null : Cut(status.Step, 80),
                WaitingFor = Few(status.WaitingFor, names),
                ApprovedBy = Few(status.ApprovedBy, names),
                Items = Few(status.Items, names),
            };
            if (names == 0)
            {
                break;
            }
        }

        return status;
    }

    /// <summary>Characters of JSON as the strictest host counts them.</summary>
    public static int Length(RolloutStatus status) => JsonSerializer.Serialize(status, Escaped).Length;

    private static IReadOnlyList<string> Few(IReadOnlyList<string> names, int count) =>
        names.Count <= count ? [.. names.Select(n => Cut(n, 40))] : [.. names.Take(count).Select(n => Cut(n, 40)), $"and {names.Count - count} more"];

    // What is done is left out first: people look for what is not.
    private static IReadOnlyList<ChecklistItemState> Few(IReadOnlyList<ChecklistItemState> items, int count)
    {
        ChecklistItemState[] cut = [.. items.Select(i => i with { Name = Cut(i.Name, 40), By = i.By is null ? null : Cut(i.By, 20), Note = null })];
        return cut.Length <= count ? cut
            : [.. cut.Where(i => !i.Done).Take(count), new ChecklistItemState($"and {cut.Length - Math.Min(count, cut.Count(i => !i.Done))} more", cut.All(i => i.Done))];
    }

    private static string Cut(string text, int length)
    {
        if (text.Length <= length)
        {
            return text;
        }

        var end = char.IsHighSurrogate(text[length - 2]) ? length - 2 : length - 1;
        return text[..end] + "…";
    }
}

using System.Text.Json;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Kernel;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>Adds to a diagnosis what the file, the queues and the code itself know. Changes nothing.</summary>
internal static class Examiner
{
    public static InstanceDiagnosis Examine(InstanceDiagnosis diagnosis, StoreReader reader, Dispatcher dispatcher, DurableTasks tasks)
    {
        if (reader.Find(diagnosis.InstanceId) is not { } row || InstanceRow.IsTerminal(row.Status))
        {
            return diagnosis;
        }

        var (turn, arrived) = dispatcher.Look(row.Key);
        var timers = reader.Timers(row.Key);
        var states = dispatcher.LookAtActivities(row.Key);
        var (inbox, unreadable) = Inbox(reader, row.Key, arrived);
        var examined = diagnosis with
        {
            Activities = [.. diagnosis.Activities.Select(a => With(a, states, tasks))],

            // A timer that the code has cancelled has no row any more.
            Timers = [.. diagnosis.Timers.Where(t => timers.ContainsKey(t.Task))],
            StartsAt = timers.TryGetValue(Tables.StartTask, out var start) ? start : null,
            Inbox = inbox,
            Turn = turn,
            Found = unreadable is null ? diagnosis.Found : [.. diagnosis.Found, unreadable],
        };
        return Repeat(examined, dispatcher.Turns, row);
    }

    private static OpenActivity With(OpenActivity activity, Dictionary<int, (ActivityState State, DateTimeOffset? Began)> states, DurableTasks tasks)
    {
        var (state, began) = states.GetValueOrDefault(activity.Task, (ActivityState.Answered, null));
        var timeout = tasks.FindActivity(activity.Name)?.Timeout ?? Timeout.InfiniteTimeSpan;
        return activity with
        {
            State = state,
            AttemptBegan = began,
            TimesOut = began is { } from && timeout != Timeout.InfiniteTimeSpan ? from + timeout : null,
        };
    }

    private static (List<WaitingMessage> Inbox, string? Unreadable) Inbox(StoreReader reader, long key, IReadOnlyList<Message> arrived)
    {
        var events = arrived.Where(m => m.Origin != Origin.Inbox).Select(m => m.Event).ToList();
        string? unreadable = null;
        foreach (var stored in reader.Inbox(key))
        {
            try
            {
                events.Add(HistoryJson.Read(stored));
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                unreadable = $"MessageUnreadable: A message that was stored for it cannot be read ({e.Message}); the next start fails it.";
            }
        }

        return (
            [.. events.OrderBy(e => e.Timestamp).Select(e => new WaitingMessage(e.GetType().Name, (e as EventRaised)?.Name, new DateTimeOffset(e.Timestamp)))],
            unreadable);
    }

    /// <summary>Which events it waits for only its code knows: it is run as its history leaves it.</summary>
    private static InstanceDiagnosis Repeat(InstanceDiagnosis diagnosis, TurnMaker turns, InstanceRow row)
    {
        try
        {
            var execution = turns.Repeat(row);
            return diagnosis with
            {
                Events = [.. execution.Events.Names.Select(n => new NamedCount(n.Name, n.Count))],
                UnclaimedEvents = [.. execution.Events.Early.GroupBy(e => e.Name, StringComparer.OrdinalIgnoreCase).Select(g => new NamedCount(g.Key, g.Count()))],
            };
        }
        catch (VersionMismatchException e) when (turns.Rejects)
        {
            return diagnosis with { Found = [.. diagnosis.Found, $"VersionRejected: {e.Message} It waits for one, with all that arrives."] };
        }
        catch (UnplayableException e)
        {
            return diagnosis with { Found = [.. diagnosis.Found, $"{e.Message} Its next turn fails it."] };
        }
    }
}

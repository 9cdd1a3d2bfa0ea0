using Sluice.Engine.History;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>Makes turns, each marked while it runs; those of suspects of a death one at a time (see <see cref="TurnMarks"/>).</summary>
/// <param name="turns">Makes them.</param>
/// <param name="marks">The marks.</param>
/// <param name="options">Whether what is written is compressed, and what is called before a turn that is not one of giving up.</param>
/// <param name="strayed">Called with the instance when its code leaves its thread.</param>
internal sealed class MarkedTurns(TurnMaker turns, TurnMarks marks, EngineOptions options, Action<long> strayed)
{
    private readonly Lock _suspects = new();

    /// <summary>Makes the next turn of an instance and packs its events, ready to be written.</summary>
    /// <returns>Null when there is nothing to write.</returns>
    public TurnCommit? Make(InstanceSlot slot, List<Message> arrived)
    {
        if (!marks.IsSuspect(slot.Key))
        {
            return MakeMarked(slot, arrived);
        }

        lock (_suspects)
        {
            try
            {
                return MakeMarked(slot, arrived);
            }
            finally
            {
                marks.Clear(slot.Key);
            }
        }
    }

    private TurnCommit? MakeMarked(InstanceSlot slot, List<Message> arrived)
    {
        var mark = marks.Begin(slot.Key);
        try
        {
            if (slot.Poison is null)
            {
                options.BeforeTurn?.Invoke(slot.Key);
            }

            var commit = turns.Make(slot, arrived, () => strayed(slot.Key));
            return commit is { Events: { } events } ? commit with { StoredEvents = Stored(events) } : commit;
        }
        finally
        {
            marks.End(mark);
        }
    }

    private Value Stored(List<HistoryEvent> events)
    {
        if (!options.KeepsHistories)
        {
            return "[]";
        }

        var utf8 = HistoryJson.WriteUtf8(events);
        return options.InMemory ? utf8 : Payload.Pack(utf8);
    }
}

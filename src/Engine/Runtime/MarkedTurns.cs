using Sluice.Engine.History;
using Sluice.Engine.Store;

namespace Sluice.Engine.Runtime;

/// <summary>Makes turns, each marked while it runs; those of suspects of a death one at a time (see <see cref="TurnMarks"/>).</summary>
/// <param name="turns">Makes them.</param>
/// <param name="marks">The marks.</param>
/// <param name="compresses">Whether large turns are compressed: not worth its time in memory.</param>
/// <param name="beforeTurn">Called with the instance before each turn that is not one of giving up.</param>
/// <param name="strayed">Called with the instance when its code leaves its thread.</param>
internal sealed class MarkedTurns(TurnMaker turns, TurnMarks marks, bool compresses, Action<long>? beforeTurn, Action<long> strayed)
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
                beforeTurn?.Invoke(slot.Key);
            }

            var commit = turns.Make(slot, arrived, () => strayed(slot.Key));
            return commit is { Events: { } events } ? commit with { StoredEvents = Pack(HistoryJson.WriteUtf8(events)) } : commit;
        }
        finally
        {
            marks.End(mark);
        }
    }

    private Value Pack(byte[] utf8) => compresses ? Payload.Pack(utf8) : utf8;
}

using System.Runtime.InteropServices;
using Sluice.Domain.Analysis;

namespace Sluice.Platforms.Gateway;

/// <summary>
/// Remembers, in bounded memory, which clients a listener saw in the present bucket and which failed in the last hour.
/// </summary>
/// <param name="maxClients">How many clients are remembered for a bucket, and how many failing ones for an hour.</param>
/// <remarks>Divided by client over many small locks, so that requests of different clients hardly ever meet.</remarks>
internal sealed class ClientLedger(int maxClients)
{
    private const int StripeCount = 64;
    private const long SecondsAfterWhichAFailureIsNew = 3600;

    // A client takes one entry for itself and one for each revision that served it: two during a rollout.
    private const int EntriesPerClient = 3;

    private readonly Stripe[] _stripes = [.. Enumerable.Range(0, StripeCount).Select(_ => new Stripe())];
    private readonly int _maxEntries = Math.Max(EntriesPerClient, EntriesPerClient * (maxClients / StripeCount));
    private readonly int _maxFailing = Math.Max(1, maxClients / StripeCount);
    private volatile bool _approximate;

    /// <summary>Whether a client ever had to be left out.</summary>
    public bool IsApproximate => _approximate;

    /// <summary>A request has arrived.</summary>
    /// <param name="client">Hash of the client.</param>
    /// <param name="seconds">The time, in seconds since the Unix epoch.</param>
    /// <returns>Whether it is the client's first in this bucket. False also for a client that there is no room for.</returns>
    public bool Arrive(ulong client, long seconds)
    {
        var stripe = StripeOf(client);
        lock (stripe)
        {
            stripe.Turn(seconds);
            if (stripe.Entries.Count >= _maxEntries)
            {
                _approximate |= !stripe.Entries.ContainsKey(client);
                return false;
            }

            return stripe.Entries.TryAdd(client, 0);
        }
    }

    /// <summary>A request has been answered.</summary>
    /// <param name="client">Hash of the client.</param>
    /// <param name="revisionSalt">A number that is the revision's own.</param>
    /// <param name="failed">Whether it was an error.</param>
    /// <param name="seconds">The time, in seconds since the Unix epoch.</param>
    public ClientNews Complete(ulong client, ulong revisionSalt, bool failed, long seconds)
    {
        var stripe = StripeOf(client);
        lock (stripe)
        {
            stripe.Turn(seconds);
            var key = (client ^ revisionSalt) * 0x9E3779B97F4A7C15UL;
            var fresh = FreshWindows(stripe, client, seconds);
            var newlyFailing = failed && IsNewlyFailing(stripe, client, seconds, ref fresh);
            if (stripe.Entries.Count >= _maxEntries && !stripe.Entries.ContainsKey(key))
            {
                _approximate = true;
                return new ClientNews(IsNew: false, Failures: 0, newlyFailing, fresh);
            }

            ref var failures = ref CollectionsMarshal.GetValueRefOrAddDefault(stripe.Entries, key, out var known);
            failures += failed ? 1 : 0;
            return new ClientNews(!known, failed ? failures : 0, newlyFailing, fresh);
        }
    }

    private static int FreshWindows(Stripe stripe, ulong client, long seconds)
    {
        var windows = ErrorUnit.Windows.Count;
        if (stripe.LastFailure.TryGetValue(client, out var last))
        {
            while (windows > 0 && seconds - last < ErrorUnit.Windows[windows - 1])
            {
                windows--;
            }
        }

        return windows;
    }

    private bool IsNewlyFailing(Stripe stripe, ulong client, long seconds, ref int fresh)
    {
        if (!stripe.LastFailure.ContainsKey(client) && stripe.LastFailure.Count >= _maxFailing)
        {
            // Swept at most once a bucket: a flood of failing clients must not make every failure a walk through all of them.
            stripe.ForgetFailuresBefore(seconds - SecondsAfterWhichAFailureIsNew);
            if (stripe.LastFailure.Count >= _maxFailing)
            {
                // It will not be known that it failed: its failures must not count as those of a client without any.
                _approximate = true;
                fresh = 0;
                return false;
            }
        }

        ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(stripe.LastFailure, client, out var known);
        var isNew = !known || seconds - last >= SecondsAfterWhichAFailureIsNew;
        last = seconds;
        return isNew;
    }

    private Stripe StripeOf(ulong client) => _stripes[client % StripeCount];

    private sealed class Stripe
    {
        private static readonly long BucketSeconds = (long)LatencyHistogram.BucketLength.TotalSeconds;

        private long _bucket = long.MinValue;
        private long _sweptIn = long.MinValue;

        /// <summary>Clients, and (client, revision) pairs with their failures, of the present bucket.</summary>
        public Dictionary<ulong, int> Entries { get; } = [];

        /// <summary>When a client last failed, in seconds since the Unix epoch.</summary>
        public Dictionary<ulong, long> LastFailure { get; } = [];

        public void Turn(long seconds)
        {
            var bucket = seconds / BucketSeconds;
            if (bucket != _bucket)
            {
                _bucket = bucket;
                Entries.Clear();
            }
        }

        public void ForgetFailuresBefore(long seconds)
        {
            if (_sweptIn == _bucket)
            {
                return;
            }

            _sweptIn = _bucket;
            foreach (var (client, last) in LastFailure)
            {
                if (last <= seconds)
                {
                    LastFailure.Remove(client);
                }
            }
        }
    }
}

/// <summary>What an answer changed about its client.</summary>
/// <param name="IsNew">The client's first answer from this revision in this bucket.</param>
/// <param name="Failures">If it failed: the client's failures from this revision in this bucket, this one included. Otherwise, or unknown, 0.</param>
/// <param name="IsNewlyFailing">It failed, and had not in the hour before.</param>
/// <param name="FreshWindows">In how many of <see cref="ErrorUnit.Windows"/>, from the shortest on, the client had no failure before.</param>
internal readonly record struct ClientNews(bool IsNew, int Failures, bool IsNewlyFailing, int FreshWindows);

using Sluice.Domain.Analysis;

namespace Sluice.Benchmarks.Judgement.Traffic;

/// <summary>
/// Which requests are fresh: those of clients without a failure in a window before. Clients send alike, so it is enough to know how many are
/// stale; when in a bucket something happened is drawn.
/// </summary>
internal sealed class Freshness
{
    private const double Bucket = 10;

    // The windows that are longer than two buckets are followed client by client, the shorter ones within the bucket and the one before.
    private static readonly int Long = ErrorUnit.Windows.Count(w => w <= 2 * Bucket);

    private readonly Draw _draw;
    private readonly int[] _lastFailure;
    private readonly double[] _lastTime;
    private readonly List<(int Client, int At)> _failures = [];
    private readonly List<(int Client, double Age)> _owed = [];
    private readonly int[] _next = new int[ErrorUnit.Windows.Count];
    private readonly int[] _stale = new int[ErrorUnit.Windows.Count * 2];
    private readonly double[] _during = new double[ErrorUnit.Windows.Count * 2];
    private readonly double[] _after = new double[ErrorUnit.Windows.Count * 2];
    private Func<int, int> _armOf = _ => 0;

    /// <param name="lastFailure">Of each client, seconds; negative for before the first request.</param>
    /// <param name="draw">Randomness.</param>
    public Freshness(int[] lastFailure, Draw draw)
    {
        (_lastFailure, _draw) = (lastFailure, draw);
        _lastTime = Array.ConvertAll(lastFailure, at => (double)at);
        for (var client = 0; client < lastFailure.Length; client++)
        {
            if (lastFailure[client] > -ErrorUnit.Windows[^1])
            {
                _failures.Add((client, lastFailure[client]));
            }
        }

        _failures.Sort((a, b) => a.At.CompareTo(b.At));
    }

    /// <summary>Clients have been put on revisions anew.</summary>
    /// <param name="armOf">0 or 1 for each client; all 0 when clients have no revision of their own.</param>
    public void Divide(Func<int, int> armOf)
    {
        _armOf = armOf;
        Array.Clear(_stale);
        for (var window = Long; window < ErrorUnit.Windows.Count; window++)
        {
            for (var i = _next[window]; i < _failures.Count; i++)
            {
                var (client, at) = _failures[i];
                if (_lastFailure[client] == at)
                {
                    _stale[(window * 2) + armOf(client)]++;
                }
            }
        }
    }

    /// <summary>A bucket begins.</summary>
    /// <param name="now">Seconds.</param>
    public void Turn(int now)
    {
        for (var window = Long; window < ErrorUnit.Windows.Count; window++)
        {
            for (; _next[window] < _failures.Count && _failures[_next[window]].At <= now - ErrorUnit.Windows[window]; _next[window]++)
            {
                var (client, at) = _failures[_next[window]];
                if (_lastFailure[client] == at)
                {
                    _stale[(window * 2) + _armOf(client)]--;
                }
            }
        }
    }

    /// <summary>A client fails; call before its last failure is set.</summary>
    /// <param name="counts">Of the revision.</param>
    /// <param name="client">Which.</param>
    /// <param name="failures">How often on this revision in this bucket; failures at once, as retries are, count as one.</param>
    /// <param name="all">How often on both.</param>
    /// <param name="now">Seconds.</param>
    public void Fail(ArmCounts counts, int client, int failures, int all, int now)
    {
        var arm = _armOf(client);
        var last = _lastFailure[client];
        var isSecond = last == now;

        // The first of all its failures in the bucket is this revision's as often as they are; the others follow each other at their rate.
        var owed = isSecond ? _owed.FindIndex(o => o.Client == client) : -1;
        var isFirst = isSecond ? owed >= 0 : _draw.Uniform() * all < failures;
        var first = now + (Bucket * (1 - Math.Pow(_draw.Uniform(), 1.0 / all)));
        var age = owed >= 0 ? _owed[owed].Age : first - _lastTime[client];
        if (!isFirst && !isSecond)
        {
            _owed.Add((client, age));
        }

        var others = failures - (isFirst ? 1 : 0);
        var untilEarlier = last == now - (int)Bucket ? Until(_lastTime[client], now) : 0;
        if (!isSecond)
        {
            _failures.Add((client, now));
            _lastTime[client] = Math.Max(first, now + (Bucket * Math.Pow(_draw.Uniform(), 1.0 / all)));
        }

        for (var window = 0; window < ErrorUnit.Windows.Count; window++)
        {
            var length = ErrorUnit.Windows[window];
            counts.FreshErrors[window] += isFirst && age >= length ? 1 : 0;
            if (window >= Long)
            {
                _stale[(window * 2) + arm] += !isSecond && now - last >= length ? 1 : 0;
                continue;
            }

            counts.FreshErrors[window] += others == 0 || all == 1 ? 0 : _draw.Binomial(others, Math.Exp(-all * length / Bucket));
            if (!isSecond)
            {
                // The part of the bucket after the first of its failures, as far as an earlier one does not reach into it; or within a second or so of one.
                _during[(window * 2) + arm] += length < Bucket
                    ? 1 - Math.Exp(-all * length / Bucket)
                    : Math.Min(1 - ((first - now) / Bucket), 1 - untilEarlier);
                _after[(window * 2) + arm] += length < Bucket ? 0 : Until(_lastTime[client], now + Bucket);
            }
        }

        // The part of a bucket that a failure of the one before makes stale.
        static double Until(double failure, double bucket) => 1 - ((bucket - failure) / Bucket);
    }

    /// <summary>At the end of a bucket: counts the requests that were fresh.</summary>
    /// <param name="counts">Of the revision.</param>
    /// <param name="arm">0 or 1, as they were divided.</param>
    /// <param name="clients">Clients there.</param>
    /// <param name="requests">Requests of the revision in the bucket.</param>
    /// <param name="retries">Of them, those that follow a failure at once.</param>
    public void Count(ArmCounts counts, int arm, int clients, int requests, int retries)
    {
        for (var window = 0; window < ErrorUnit.Windows.Count; window++)
        {
            var stale = window >= Long ? _stale[(window * 2) + arm] : _during[(window * 2) + arm];
            var share = clients == 0 ? 0 : Math.Min(1, stale / clients);
            var others = requests - retries;
            counts.FreshRequests[window] += Math.Max(0, others - (share >= 1 ? others : _draw.Poisson(others * share)));
        }
    }

    /// <summary>The bucket ends.</summary>
    public void End()
    {
        _owed.Clear();
        _after.CopyTo(_during, 0);
        Array.Clear(_after);
    }
}

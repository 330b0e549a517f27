#!/usr/bin/env python3
"""Writes maker__tiny-a, -b, -c beside itself: results and samples as lm-eval 0.4.9 writes them.

The files are written by lm-eval's own EvaluationTracker (from its wheel; what it imports and these
two functions do not use is replaced by empty modules); questions and answers are made up here, the
samples built as in its evaluator.py. tiny-c has no results. Run: generate.py PATH-OF-LM-EVAL
"""
import hashlib, json, random, sys, types
from pathlib import Path

for name in ('datasets', 'datasets.utils', 'datasets.utils.metadata', 'huggingface_hub',
             'huggingface_hub.utils', 'evaluate'):
    m = types.ModuleType(name)
    m.__getattr__ = lambda attr: type(attr, (), {})
    sys.modules[name] = m
pkg = types.ModuleType('lm_eval')
pkg.__path__ = [str(Path(sys.argv[1]) / 'lm_eval')]
sys.modules['lm_eval'] = pkg
loggers = types.ModuleType('lm_eval.loggers')
loggers.__path__ = [str(Path(sys.argv[1]) / 'lm_eval/loggers')]
sys.modules['lm_eval.loggers'] = loggers
from lm_eval.loggers.evaluation_tracker import EvaluationTracker
from lm_eval.utils import handle_non_serializable, hash_string

HERE = Path(__file__).parent
DATE = '2026-03-0%dT12-00-00.123456'
N_EASY, N_GSM = 40, 12


def sd_error(v):
    m = sum(v) / len(v)
    return (sum((x - m) ** 2 for x in v) / (len(v) - 1) / len(v)) ** 0.5


def sample(doc_id, doc, target, args, filtered, filter_key, metrics):
    out = {'doc_id': doc_id, 'doc': doc, 'target': target, 'arguments': args,
           'resps': [[f] for f in filtered], 'filtered_resps': filtered, 'filter': filter_key,
           'metrics': list(metrics),
           'doc_hash': hash_string(json.dumps(doc, indent=2, default=handle_non_serializable,
                                              ensure_ascii=False)),
           'prompt_hash': hash_string(args[0][0]), 'target_hash': hash_string(str(target))}
    out.update(metrics)
    return out


def easy(rng, skill, limit):
    for i in range(limit):
        doc = {'id': 'Q%d' % i, 'question': 'Which is %d? \u00e9' % i, 'answerKey': 'A'}
        right, norm = float(rng.random() < skill), float(rng.random() < skill + 0.05)
        prompt = 'Question: %s\nAnswer:' % doc['question']
        yield sample(i, doc, 0, [(prompt, ' a'), (prompt, ' b')],
                     [(-1.5 - right, False), (-2.0, False)], 'none',
                     {'acc': right, 'acc_norm': norm})


def gsm(rng, skill):
    for filter_key, bonus in (('strict-match', 0.0), ('flexible-extract', 0.2)):
        for i in range(N_GSM):
            doc = {'question': '%d + 1 = ?' % i, 'answer': str(i + 1)}
            right = float(rng.random() < skill + bonus)
            yield sample(i, doc, doc['answer'], [('Q: ' + doc['question'] + '\nA:', {'until': ['\n']})],
                         [str(i + 1 if right else 0)], filter_key, {'exact_match': right})


def write(name, day, seed, skill, limit, results=True):
    rng = random.Random(seed)
    tracker = EvaluationTracker(output_path=str(HERE))
    tracker.general_config_tracker.model_name = 'maker/' + name
    tracker.general_config_tracker.model_name_sanitized = 'maker__' + name
    tracker.date_id = DATE % day
    for old in (HERE / ('maker__' + name)).glob('*'):
        old.unlink()
    samples = {'arc_easy': list(easy(rng, skill, limit)), 'gsm8k': list(gsm(rng, skill - 0.2))}
    rows = {}
    for task, metrics in (('arc_easy', (('acc', 'none'), ('acc_norm', 'none'))),
                          ('gsm8k', (('exact_match', 'strict-match'), ('exact_match', 'flexible-extract')))):
        rows[task] = {'alias': task}
        for metric, key in metrics:
            v = [s[metric] for s in samples[task] if s['filter'] == key]
            rows[task]['%s,%s' % (metric, key)] = sum(v) / len(v)
            rows[task]['%s_stderr,%s' % (metric, key)] = sd_error(v)
    whole = {'results': rows, 'versions': {'arc_easy': 1.0, 'gsm8k': 3.0},
             'n-shot': {'arc_easy': 0, 'gsm8k': 5},
             'n-samples': {'arc_easy': {'original': 2376, 'effective': limit},
                           'gsm8k': {'original': 1319, 'effective': N_GSM}},
             'config': {'model': 'hf', 'model_args': 'pretrained=maker/' + name, 'limit': 40.0},
             'lm_eval_version': '0.4.9', 'chat_template': None, 'chat_template_sha': None,
             'model_name': 'maker/' + name}
    folder = HERE / ('maker__' + name)
    if results:
        folder.mkdir(exist_ok=True)
        with open(folder / ('results_%s.json' % tracker.date_id), 'w', encoding='utf-8') as f:
            json.dump(whole, f, indent=2, default=handle_non_serializable, ensure_ascii=False)
    for task, v in samples.items():
        tracker.save_results_samples(task, v)


write('tiny-a', 1, 1, 0.55, N_EASY)
write('tiny-b', 2, 2, 0.75, N_EASY)
write('tiny-c', 3, 3, 0.65, N_EASY, results=False)

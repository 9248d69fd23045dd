"""Bitmaps of many kinds, each with its pixels as Pillow 9.4 reads them, into bitmaps.json."""
import base64, json, os, struct, tempfile
import numpy as np
from PIL import Image

out=tempfile.mkdtemp()
rng=np.random.default_rng(3)
w,h=13,7
yy,xx=np.mgrid[0:h,0:w]
rgb=np.stack([(xx*7)%256,(yy*11)%256,(xx*yy)%256],-1).astype(np.uint8)
im=Image.fromarray(rgb)
def hdr(bits,comp,size,off,pal=0,height=h,extra=b'',dib=40):
    return b'BM'+struct.pack('<IHHI',off+size,0,0,off)+struct.pack('<IiiHHIIiiII',dib,w,height,1,bits,comp,size,2835,2835,pal,0)+extra
im.save(out+'/24.bmp')
im.quantize(200).save(out+'/8.bmp')
im.convert('L').save(out+'/8grey.bmp')
im.convert('1').save(out+'/1.bmp')
def rows(a,stride):
    return b''.join(bytes(r)+b'\0'*(stride-len(r)) for r in a)
# 24 top-down
st=(w*3+3)//4*4; d=rows([r.tobytes() for r in rgb[:,:,::-1]],st); open(out+'/24top.bmp','wb').write(hdr(24,0,len(d),54,height=-h)+d)
# 32 BI_RGB, fourth byte junk
bg=np.concatenate([rgb[::-1,:,::-1],rng.integers(0,256,(h,w,1)).astype(np.uint8)],-1); d=bg.tobytes(); open(out+'/32.bmp','wb').write(hdr(32,0,len(d),54)+d)
# 32 bitfields V4 with alpha
al=((xx*5+yy*3)%256).astype(np.uint8)
d=np.concatenate([rgb[::-1,:,::-1],al[::-1,:,None]],-1).tobytes()
v4=struct.pack('<IIII',0xff0000,0xff00,0xff,0xff000000)+b'BGRs'+b'\0'*48
open(out+'/32alpha.bmp','wb').write(hdr(32,3,len(d),14+108,dib=108,extra=v4)+d)
# 16 555 and 565
p=((rgb[:,:,0].astype(int)>>3)<<10)|((rgb[:,:,1].astype(int)>>3)<<5)|(rgb[:,:,2].astype(int)>>3)
st=(w*2+3)//4*4; d=rows([r.astype('<u2').tobytes() for r in p[::-1]],st); open(out+'/16.bmp','wb').write(hdr(16,0,len(d),54)+d)
p=((rgb[:,:,0].astype(int)>>3)<<11)|((rgb[:,:,1].astype(int)>>2)<<5)|(rgb[:,:,2].astype(int)>>3)
d=rows([r.astype('<u2').tobytes() for r in p[::-1]],st); open(out+'/565.bmp','wb').write(hdr(16,3,len(d),66,extra=struct.pack('<III',0xf800,0x7e0,0x1f))+d)
# 4 bit palette
q=im.quantize(16); idx=np.array(q); pal=q.getpalette()[:48]; palb=b''.join(bytes([pal[3*i+2],pal[3*i+1],pal[3*i],0]) for i in range(16))
st=((w+1)//2+3)//4*4
def nib(r): r=list(r)+[0]*(len(r)%2); return bytes((r[i]<<4)|r[i+1] for i in range(0,len(r),2))
d=rows([nib(r) for r in idx[::-1]],st); open(out+'/4.bmp','wb').write(hdr(4,0,len(d),54+64,pal=16,extra=palb)+d)
# Pillow 9.4 misreads an odd number of values as they are in RLE4, so those are even.
small=(xx//5+yy)%16; sm=small.astype(np.uint8)
def rle(idx,four):
    o=b''
    for n,r in enumerate(idx[::-1]):
        x=0
        if n%3==1: # absolute of 5 values first
            k5=6 if four else 5; v=list(r[:k5])
            if four: b=nib(v); o+=bytes([0,k5])+b+(b'\0' if len(b)%2 else b'')
            else: o+=bytes([0,5])+bytes(v)+b'\0'
            x=k5
        while x<len(r):
            k=1
            while x+k<len(r) and r[x+k]==r[x]: k+=1
            o+=bytes([k,(r[x]<<4|r[x]) if four else r[x]]); x+=k
        o+=b'\0\0'
    return o+b'\0\1'
pal16=b''.join(bytes([i*16,255-i*16,i*8,0]) for i in range(16))
d=rle(sm,False); open(out+'/rle8.bmp','wb').write(hdr(8,1,len(d),54+64,pal=16,extra=pal16)+d)
d=rle(sm,True); open(out+'/rle4.bmp','wb').write(hdr(4,2,len(d),54+64,pal=16,extra=pal16)+d)
# OS/2
d=rows([r.tobytes() for r in rgb[::-1,:,::-1]],(w*3+3)//4*4); open(out+'/os2.bmp','wb').write(b'BM'+struct.pack('<IHHI',26+len(d),0,0,26)+struct.pack('<IHHHH',12,w,h,1,24)+d)
found = {}
for f in sorted(os.listdir(out)):
    image = Image.open(os.path.join(out, f))
    pixels = np.asarray(image.convert('RGBA' if image.mode == 'RGBA' else 'RGB'))
    text = lambda data: base64.b64encode(data).decode()
    found[f] = {'file': text(open(os.path.join(out, f), 'rb').read()), 'pixels': text(pixels.tobytes())}
here = os.path.dirname(os.path.abspath(__file__))
json.dump({'width': w, 'height': h, 'bitmaps': found}, open(os.path.join(here, 'bitmaps.json'), 'w'), indent=1)
